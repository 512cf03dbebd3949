"use strict";

/** An element with properties and children; texts become text nodes, never markup. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const ROWS_AT_ONCE = 100;
const FEW_ROWS = 3;
let tables = 0;

const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
const whole = new Intl.NumberFormat("en");

/** A cell is a text, a number, or a list of text, value, note and look. */
function textOf(cell) {
  if (typeof cell === "number") return (Number.isInteger(cell) ? whole : digits).format(cell);
  return typeof cell === "string" ? cell : cell[0];
}
const valueOf = (cell) => (Array.isArray(cell) ? cell[1] : typeof cell === "number" ? cell : null);
const noteOf = (cell) => (Array.isArray(cell) && cell[2]) || "";
const lookOf = (cell) => (Array.isArray(cell) && cell[3]) || "";

/** What a cell is sorted by: blank cells come last in either direction. */
function compare(one, other, numeric, sign) {
  const [a, b] = numeric ? [valueOf(one), valueOf(other)] : [textOf(one), textOf(other)];
  const blank = numeric ? null : "";
  if (a === blank || b === blank) return (a === blank) - (b === blank);
  return sign * (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

/** A table with its filters, its count and its rows, a hundred at first. */
function makeTable(table) {
  const host = element("div");
  if (!table.rows.length) {
    host.append(element("p", {}, table.empty));
    return host;
  }
  const state = { sorted: -1, sign: 1, text: "", chosen: new Map(), all: false, most: ROWS_AT_ONCE };
  const searched = table.rows.map(([, cells]) => cells.map((c) => `${textOf(c)} ${noteOf(c)}`).join(" ").toLowerCase());
  const head = element("tr");
  const body = element("tbody");
  const count = element("p", { className: "count", role: "status" });
  const more = element("button", { type: "button", onclick: () => { state.most = Infinity; draw(); } });
  const visible = () => table.headings.map((_, i) => i).filter((i) => state.all || !table.headings[i].extra);

  function chosenRows() {
    const rows = table.rows.map((_, i) => i).filter((i) => searched[i].includes(state.text)
      && [...state.chosen].every(([column, value]) => textOf(table.rows[i][1][column]) === value));
    if (state.sorted >= 0) {
      const numeric = Boolean(table.headings[state.sorted].numeric);
      const cell = (i) => table.rows[i][1][state.sorted];
      rows.sort((a, b) => compare(cell(a), cell(b), numeric, state.sign) || a - b);
    }
    return rows;
  }

  function sortBy(column) {
    const first = table.headings[column].descending ? -1 : 1;
    state.sign = state.sorted === column ? -state.sign : first;
    state.sorted = column;
    for (const cell of head.children) cell.removeAttribute("aria-sort");
    const cell = head.children[visible().indexOf(column)];
    cell.setAttribute("aria-sort", state.sign > 0 ? "ascending" : "descending");
    draw();
  }

  function drawHead() {
    head.replaceChildren(...visible().map((i) => {
      const heading = table.headings[i];
      const button = element("button", { type: "button", title: heading.help || "", onclick: () => sortBy(i) }, heading.name);
      const cell = element("th", { scope: "col", className: heading.numeric ? "number" : "" }, button);
      if (state.sorted === i) cell.setAttribute("aria-sort", state.sign > 0 ? "ascending" : "descending");
      return cell;
    }));
  }

  function drawCell(cell, column, key) {
    const text = textOf(cell);
    const inner = key && column === 0
      ? element("a", { href: `#case=${encodeURIComponent(key)}` }, text)
      : text;
    const number = table.headings[column].numeric ? "number" : "";
    const made = element(column === 0 ? "th" : "td", { className: `${number} ${lookOf(cell)}`.trim() }, inner);
    if (column === 0) made.scope = "row";
    if (noteOf(cell)) made.append(element("small", {}, noteOf(cell)));
    return made;
  }

  function draw() {
    const rows = chosenRows();
    const columns = visible();
    body.replaceChildren(...rows.slice(0, state.most).map((i) => {
      const [key, cells] = table.rows[i];
      return element("tr", {}, ...columns.map((column) => drawCell(cells[column], column, key)));
    }));
    count.textContent = `${rows.length} of ${table.rows.length} rows`;
    more.hidden = rows.length <= state.most;
    more.textContent = `Show all ${rows.length} rows`;
  }

  const label = `${table.caption}, table ${(tables += 1)}`;
  const grid = element("table", {}, element("caption", { className: "unseen" }, table.caption), element("thead", {}, head), body);
  host.append(
    makeControls(table, state, draw, drawHead),
    count,
    element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": label }, grid),
    more,
  );
  drawHead();
  draw();
  return host;
}

/** A search field, a list for each column with several values to choose from, and a box for more columns. */
function makeControls(table, state, draw, drawHead) {
  const controls = element("div", { className: "controls" });
  const search = element("input", { type: "search", oninput: () => { state.text = search.value.trim().toLowerCase(); draw(); } });
  if (table.rows.length > FEW_ROWS) controls.append(element("label", {}, "containing", search));
  table.headings.forEach((heading, column) => {
    const values = [...new Set(table.rows.map(([, cells]) => textOf(cells[column])))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    if (!heading.choices || values.length < 2 || table.rows.length <= FEW_ROWS) return;
    const options = values.map((value) => element("option", { value: `=${value}` }, value || "(blank)"));
    const select = element("select", {
      onchange: () => {
        if (select.value === "any") state.chosen.delete(column);
        else state.chosen.set(column, select.value.slice(1));
        draw();
      },
    }, element("option", { value: "any" }, "any"), ...options);
    controls.append(element("label", {}, heading.name, select));
  });
  if (table.headings.some((heading) => heading.extra)) {
    const box = element("input", { type: "checkbox", onchange: () => { state.all = box.checked; drawHead(); draw(); } });
    controls.append(element("label", { className: "tick" }, box, "every column"));
  }
  return controls;
}
