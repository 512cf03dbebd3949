const read = (id) => JSON.parse(document.getElementById(id).textContent);
const at = (id) => document.getElementById(id);

/** The leaderboard and the plots of one setting. */
function showGroup(group) {
  replace(at("leaderboard-table"), makeTable(group.table));
  replace(at("plots-list"), ...group.plots.map((plot) => makePlot(plot, "h3")));
}

function factList(facts) {
  const pairs = facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { className: "facts" }, ...pairs);
}

function makeBlock(block) {
  if (block.plot) return makePlot(block.plot, "h3");
  const made = element("section", {}, element("h3", {}, block.title));
  if (block.facts) made.append(factList(block.facts));
  if (block.table) made.append(makeTable(block.table));
  if (block.text) made.append(element("pre", { tabIndex: 0, "aria-label": block.title, role: "region" }, block.text));
  return made;
}

let casePages = null;

/** The page of one case in place of the overview. */
function showCase(key) {
  casePages ||= read("cases");
  const [title, places] = casePages.cases[key] || [`There is no case “${key}” here`, []];
  const heading = element("h2", { tabIndex: -1 }, title);
  const back = element("p", {}, element("a", { href: left.hash || "#" }, "Back to the overview"));
  replace(at("case"), heading, back, ...places.map((place) => makeBlock(casePages.blocks[place])));
  document.title = `${title} · ${at("case").dataset.title}`;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Where the overview was left for the page of a case. */
let left = { hash: "", y: 0, link: null };

function decodedKey(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the address after `#` asks for; who comes back finds the overview as it was left. */
function route(event) {
  const found = location.hash.match(/^#case=(.*)$/);
  const wasCase = !at("case").hidden;
  if (found && !wasCase && event) left = { hash: new URL(event.oldURL).hash, y: scrollY, link: document.activeElement };
  at("case").hidden = !found;
  at("overview").hidden = Boolean(found);
  if (found) {
    showCase(decodedKey(found[1]));
    return;
  }
  document.title = at("case").dataset.title;
  replace(at("case"));
  if (wasCase && location.hash === left.hash) {
    left.link?.focus({ preventScroll: true });
    scrollTo(0, left.y);
  } else if (wasCase) {
    at(location.hash.slice(1))?.scrollIntoView();
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

function showTheme() {
  at("theme").textContent = isDark() ? "Light colours" : "Dark colours";
  redrawAll();
}

at("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
});
dark.addEventListener("change", showTheme);
at("skip").addEventListener("click", (event) => {
  event.preventDefault();
  at("main").focus();
});
addEventListener("hashchange", route);
addEventListener("beforeprint", () => document.querySelectorAll("figure").forEach((figure) => figure.redraw?.()));

const board = read("board");
at("case").dataset.title = document.title;
for (const name of ["verdicts", "failures", "certificates"]) at(`${name}-table`).append(makeTable(board[name]));
at("backend-pairs-plot").append(makePlot(board.backend_pairs, "h3"));
showGroup(board.groups[0]);
at("group")?.addEventListener("change", (event) => showGroup(board.groups[Number(event.target.value)]));
showTheme();
if (location.hash) route();
