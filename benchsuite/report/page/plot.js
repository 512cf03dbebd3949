/** Plots that are on the page, so that they can change with its colours. */
const drawn = new Set();
let plotIds = 0;
/** Plotly is the last and longest part of the file: tables do not wait for it. */
const loaded = new Promise((resolve) => addEventListener("load", resolve));

/** A text as Plotly shows it, which takes entities for what they stand for. */
const decoded = (text) => new DOMParser().parseFromString(text, "text/html").documentElement.textContent;

/** The figure's layout in the page's own colours. */
function themed(layout) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const lines = { gridcolor: colour("--line"), zerolinecolor: colour("--line"), linecolor: colour("--faint") };
  const made = {
    margin: { l: 60, r: 20, t: 20, b: 50 },
    height: 440,
    hovermode: "closest",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    ...structuredClone(layout),
    paper_bgcolor: colour("--ground"),
    plot_bgcolor: colour("--ground"),
    font: { family: "system-ui, sans-serif", size: 13, color: colour("--ink") },
  };
  for (const name of ["xaxis", "yaxis", "yaxis2"]) if (made[name]) Object.assign(made[name], lines);
  if (made.polar) {
    made.polar.bgcolor = colour("--ground");
    made.polar.radialaxis = { ...made.polar.radialaxis, ...lines };
    made.polar.angularaxis = lines;
  }
  return made;
}

/** The data of a view as a table: one row a point. */
function dataTable(plot, view) {
  const { xaxis, yaxis } = view.layout;
  const titles = view.layout.polar
    ? ["spoke", "share of the best"]
    : [xaxis.title.text || "x", yaxis.title.text || "y"].map(decoded);
  const rows = view.data.flatMap((trace) => {
    const [xs, ys] = [trace.x || trace.theta, trace.y || trace.r];
    return xs.map((x, i) => [
      (trace.customdata || [])[i] || "",
      [decoded(trace.text ? trace.text[i] : trace.name || ""), decoded(trace.name || ""), number(x), number(ys[i])],
    ]);
  });
  const numeric = (column) => rows.every(([, cells]) => typeof cells[column] === "number" || cells[column] === "");
  const headings = ["row", "of", ...titles].map((name, i) => ({ name, numeric: i > 1 && numeric(i) }));
  return { caption: `Data of: ${plot.title}`, headings, rows, empty: "none" };
}

function number(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? value : decoded(value);
}

/** A plot with its title, description, choice of view, and data as a table. */
function makePlot(plot, heading) {
  const id = `plot-${(plotIds += 1)}`;
  const figure = element("figure", { id: plot.id, "aria-labelledby": `${id}-title` });
  figure.append(element(heading, { id: `${id}-title` }, plot.title), element("p", {}, plot.description));
  if (!plot.views.length) {
    figure.append(element("p", { className: "absent" }, plot.absent));
    return figure;
  }
  const area = element("div", { className: "plot" });
  const select = element("select", {}, ...plot.views.map((view, i) => element("option", { value: i }, view.name)));
  const data = element("details", {}, element("summary", {}, `Data of “${plot.title}” as a table`));
  const view = () => plot.views[Number(select.value)];

  function draw() {
    const config = { responsive: true, displaylogo: false, toImageButtonOptions: { format: "svg", filename: plot.id } };
    Plotly.react(area, structuredClone(view().data), themed(view().layout), config);
    if (drawn.has(figure)) return;
    drawn.add(figure);
    area.on("plotly_click", ({ points }) => { if (points[0].customdata) location.hash = `case=${encodeURIComponent(points[0].customdata)}`; });
  }
  figure.redraw = draw;
  const fill = () => { if (data.open) data.replaceChildren(data.firstChild, makeTable(dataTable(plot, view()))); };
  data.addEventListener("toggle", fill);
  select.addEventListener("change", () => { draw(); fill(); });
  if (plot.views.length > 1) figure.append(element("p", { className: "controls" }, element("label", {}, "showing", select)));
  figure.append(area, data);
  loaded.then(() => seen.observe(figure));
  return figure;
}

/** Plots are drawn when they come near: a page of hundreds opens at once. */
const seen = new IntersectionObserver((found) => {
  for (const { target, isIntersecting } of found) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    target.redraw();
  }
}, { rootMargin: "300px" });

/** Draw again, in other colours. */
function redrawAll() {
  for (const figure of drawn) figure.redraw();
}

/** Put other children into an element, and let go of the plots that were there. */
function replace(host, ...children) {
  for (const figure of host.querySelectorAll("figure")) {
    seen.unobserve(figure);
    if (drawn.delete(figure)) Plotly.purge(figure.querySelector(".plot"));
  }
  host.replaceChildren(...children);
}
