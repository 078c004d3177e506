/* Searching, filtering and explaining; everything can be read without it. */
"use strict";

function make(name, text, attributes) {
  const node = document.createElement(name);
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  return node;
}

/* -- search ------------------------------------------------------------------------------------------------------- */

function search(box) {
  const input = box.querySelector("input");
  const list = box.querySelector("ul");
  let found = [];
  let at = -1;
  box.hidden = false;

  function load() {
    if (window.sigctlIndex || document.getElementById("index")) return;
    const script = make("script", "", { src: box.dataset.index, id: "index" });
    script.addEventListener("load", show);
    document.head.append(script);
  }

  function rank(name, words) {
    const low = name.toLowerCase();
    const last = low.slice(low.lastIndexOf("/") + 1);
    return last === words ? 0 : last.startsWith(words) ? 1 : low.startsWith(words) ? 2 : low.includes(words) ? 3 : 4;
  }

  function show() {
    const words = input.value.trim().toLowerCase();
    found = [];
    if (words && window.sigctlIndex) {
      const parts = words.split(/\s+/);
      found = window.sigctlIndex
        .filter((one) => parts.every((part) => `${one[1]} ${one[2]}`.toLowerCase().includes(part)))
        .map((one) => [rank(one[1], words), one])
        .sort((one, other) => one[0] - other[0] || (one[1][1] < other[1][1] ? -1 : 1))
        .slice(0, 12)
        .map((one) => one[1]);
    }
    list.replaceChildren(
      ...found.map((one, number) => {
        const item = make("li", one[1], { role: "option", id: `found-${number}`, "aria-selected": "false" });
        item.append(make("span", one[2] ? `${one[0]} · ${one[2]}` : one[0], { class: "sub" }));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); go(one); });
        return item;
      })
    );
    at = -1;
    mark();
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
  }

  function mark() {
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    if (at >= 0) {
      input.setAttribute("aria-activedescendant", `found-${at}`);
      list.children[at].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function go(one) { location.href = box.dataset.root + one[3]; }

  function close() { list.hidden = true; at = -1; mark(); input.setAttribute("aria-expanded", "false"); }

  input.addEventListener("focus", load);
  input.addEventListener("input", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return;
      event.preventDefault();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && found.length) {
      event.preventDefault();
      go(found[Math.max(at, 0)]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
    }
  });
}

/* -- filters ------------------------------------------------------------------------------------------------------ */

function filter(line) {
  const table = document.getElementById(line.dataset.table);
  const input = line.querySelector("input");
  const output = line.querySelector("output");
  if (!table) return;
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  const texts = rows.map((row) => (table.classList.contains("matrix") ? row.cells[0] : row).textContent.toLowerCase());
  const heads = table.classList.contains("matrix") ? [...table.tHead.rows[0].cells] : [];
  const names = heads.map((head) => head.textContent.toLowerCase());
  line.hidden = false;

  function columns(words) {
    const wanted = names.map((name, number) => number === 0 || name.includes(words));
    const any = wanted.some((want, number) => want && number > 0);
    heads.forEach((head, number) => {
      const hide = Boolean(words) && any && !wanted[number];
      head.hidden = hide;
      rows.forEach((row) => { row.cells[number].hidden = hide; });
    });
    return Boolean(words) && any;
  }

  input.addEventListener("input", () => {
    const words = input.value.trim().toLowerCase();
    const byColumn = heads.length ? columns(words) : false;
    const fits = texts.map((text) => text.includes(words));
    const byRow = fits.some(Boolean);
    let count = 0;
    rows.forEach((row, number) => {
      row.hidden = Boolean(words) && !fits[number] && (byRow || !byColumn);
      count += row.hidden ? 0 : 1;
    });
    output.textContent = words ? `${count} of ${rows.length}` : "";
  });
}

/* -- the matrix --------------------------------------------------------------------------------------------------- */

function matrix(table) {
  const panel = make("section", "", { class: "panel", "aria-live": "polite", "aria-label": "The chosen cell" });
  const head = make("div", "", { class: "head" });
  const title = make("h2");
  const shut = make("button", "Close", { type: "button" });
  const body = make("div");
  head.append(title, shut);
  panel.append(head, body);
  panel.hidden = true;
  document.body.append(panel);
  const links = [...table.querySelectorAll("td a")];
  links.forEach((link, number) => { link.tabIndex = number ? -1 : 0; });

  function explain(link) {
    const cell = link.parentElement;
    const row = cell.parentElement;
    const who = table.tHead.rows[0].cells[cell.cellIndex].textContent.trim();
    title.textContent = `${who} in ${row.cells[0].textContent.trim()}`;
    const why = document.getElementById(link.hash.slice(1));
    body.replaceChildren(...[...why.children].slice(1).map((node) => node.cloneNode(true)));
    links.forEach((one) => one.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
    panel.hidden = false;
  }

  function close() {
    panel.hidden = true;
    const last = table.querySelector("td a[aria-current]");
    if (last) { last.removeAttribute("aria-current"); last.focus(); }
  }

  function next(link, rows, columns) {
    const grid = [...table.tBodies[0].rows];
    let row = grid.indexOf(link.closest("tr"));
    let column = link.parentElement.cellIndex;
    for (;;) {
      row += rows;
      column += columns;
      const cell = grid[row] && grid[row].cells[column];
      if (!cell || column < 1) return null;
      const found = !cell.hidden && !grid[row].hidden && cell.querySelector("a");
      if (found) return found;
    }
  }

  const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
  table.addEventListener("keydown", (event) => {
    const link = event.target.closest("td a");
    if (!link) return;
    if (event.key === "Escape") close();
    if (!steps[event.key]) return;
    event.preventDefault();
    const found = next(link, ...steps[event.key]);
    if (found) { link.tabIndex = -1; found.tabIndex = 0; found.focus(); }
  });
  table.addEventListener("focusin", (event) => {
    const link = event.target.closest("td a");
    if (link) explain(link);
  });
  table.addEventListener("click", (event) => {
    const link = event.target.closest("td a");
    if (!link) return;
    event.preventDefault();
    link.focus();
    explain(link);
  });
  shut.addEventListener("click", close);
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
}

document.querySelectorAll(".search").forEach(search);
document.querySelectorAll(".filter").forEach(filter);
document.querySelectorAll("table[data-why]").forEach(matrix);
