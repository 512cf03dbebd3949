const read = (id) => JSON.parse(document.getElementById(id).textContent);
const at = (id) => document.getElementById(id);

/** The leaderboard and the plots of one setting. */
function showGroup(group) {
  at("leaderboard-table").replaceChildren(makeTable(group.table));
  at("plots-list").replaceChildren(...group.plots.map((plot) => makePlot(plot, "h3")));
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
  const back = element("p", {}, element("a", { href: "#leaderboard" }, "Back to the overview"));
  at("case").replaceChildren(heading, back, ...places.map((place) => makeBlock(casePages.blocks[place])));
  document.title = `${title} · ${at("case").dataset.title}`;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

let place = 0;

/** What the address after `#` asks for; coming back, the overview is where it was left. */
function route() {
  const found = location.hash.match(/^#case=(.*)$/);
  const wasCase = !at("case").hidden;
  if (found && !wasCase) place = scrollY;
  at("case").hidden = !found;
  at("overview").hidden = Boolean(found);
  if (found) {
    showCase(decodeURIComponent(found[1]));
    return;
  }
  document.title = at("case").dataset.title;
  at("case").replaceChildren();
  if (wasCase) scrollTo(0, place);
  else if (location.hash.length > 1) at(location.hash.slice(1))?.scrollIntoView();
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
addEventListener("hashchange", route);

const board = read("board");
at("case").dataset.title = document.title;
for (const name of ["verdicts", "failures", "certificates"]) at(`${name}-table`).append(makeTable(board[name]));
showGroup(board.groups[0]);
at("group")?.addEventListener("change", (event) => showGroup(board.groups[Number(event.target.value)]));
showTheme();
route();
