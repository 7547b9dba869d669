// Tables: sort, filter, page, evidence, and the filtered rows as CSV. Without this script the tables are plain, and complete
// up to the server's limit. The state of every table is in the address: #t-stock.page=3&t-stock.sort=-1&t-stock.find=blue
(() => {
  "use strict";
  const PAGE_ROWS = 50;
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const grouped = new Intl.NumberFormat("en");
  const tables = [];
  const make = (tag, set = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(set)) {
      if (value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };

  // Cells. Only textContent is ever filled: nothing from the data is read as HTML.
  const missing = () =>
    make("span", { class: "missing" }, make("span", { "aria-hidden": "true" }, "–"), make("span", { class: "hidden" }, "missing"));
  const digitGroups = (text) => {
    const [, sign, whole, decimals] = /^(-?)(\d+)(.*)$/.exec(text);
    const groups = whole.replace(/\B(?=(\d{3})+$)/g, " ").split(" ");
    groups[0] = sign + groups[0];
    groups[groups.length - 1] += decimals;
    return groups.map((group) => make("span", { class: "g" }, group));
  };
  const filled = {
    int: digitGroups,
    money: digitGroups,
    instant: (text) => [make("time", { datetime: text }, text.slice(0, 16).replace("T", " "))],
    code: (text) => [make("span", { class: "code" }, text)],
  };
  const cell = (text, kind, at) =>
    make("td", { class: at === 0 ? `${kind} key` : kind }, ...(text === null ? [missing()] : filled[kind] ? filled[kind](text) : [text]));

  // Evidence: text, a mapping, or a list.
  const part = (value) => (value === null || value === undefined ? missing() : typeof value === "string" ? value : proof(value));
  const isMapping = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const facts = (rows) => {
    const names = Object.keys(rows[0]);
    const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
    const body = rows.map((row) => make("tr", {}, ...names.map((name) => make("td", {}, part(row[name])))));
    return make("table", { class: "facts" }, make("thead", {}, head), make("tbody", {}, ...body));
  };
  const proof = (value) => {
    if (value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0)) {
      return make("p", {}, "No evidence was kept for this row.");
    }
    if (typeof value === "string") return make("p", { class: "free" }, value);
    if (Array.isArray(value)) {
      if (value.every(isMapping)) return facts(value);
      return make("ul", {}, ...value.map((item) => make("li", {}, part(item))));
    }
    const lines = Object.entries(value).map(([name, item]) => make("div", {}, make("dt", {}, name), make("dd", {}, part(item))));
    return make("dl", { class: "facts" }, ...lines);
  };

  // Sorting is exact: integers and money are compared as whole numbers, missing values always come last.
  const sortKeys = (rows, at, kind) => {
    if (kind !== "int" && kind !== "money") return rows.map((row) => row[at]);
    const decimals = (text) => (text === null || !text.includes(".") ? 0 : text.length - text.indexOf(".") - 1);
    const most = rows.reduce((found, row) => Math.max(found, decimals(row[at])), 0);
    return rows.map((row) => (row[at] === null ? null : BigInt(row[at].replace(".", "") + "0".repeat(most - decimals(row[at])))));
  };
  const compare = (one, other) => {
    if (typeof one === "string") return words.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
    return one < other ? -1 : one > other ? 1 : 0;
  };
  const sorted = (table, chosen) => {
    const { at, isDown } = table.sort;
    const keys = sortKeys(table.data.rows, at, table.data.columns[at].kind);
    return chosen.sort((one, other) => {
      const [left, right] = [keys[one], keys[other]];
      if (left === null || right === null) return (left === null) - (right === null) || one - other;
      return (isDown ? -compare(left, right) : compare(left, right)) || one - other;
    });
  };
  const searched = (table, at) => {
    // Made once per row, when somebody first searches.
    table.texts[at] ??= `${table.data.rows[at].join("\n")}\n${JSON.stringify(table.data.proofs[at] ?? "")}`.toLowerCase();
    return table.texts[at];
  };
  const choose = (table) => {
    const needles = table.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const picks = table.picks.filter((pick) => pick.value !== "*").map((pick) => [Number(pick.dataset.column), pick.value.slice(1)]);
    const chosen = [];
    table.data.rows.forEach((row, at) => {
      const isPicked = picks.every(([column, value]) => (row[column] ?? "") === value);
      if (isPicked && needles.every((needle) => searched(table, at).includes(needle))) chosen.push(at);
    });
    table.chosen = table.sort ? sorted(table, chosen) : chosen;
  };

  // A row, and the row beneath it with its evidence, made when it is opened.
  const toggle = (table, at, button, row) => {
    const isOpen = table.open.has(at);
    if (isOpen) {
      table.open.delete(at);
      row.nextElementSibling.remove();
    } else {
      table.open.add(at);
      row.after(proofRow(table, at));
    }
    button.setAttribute("aria-expanded", String(!isOpen));
  };
  const evidenceLabel = (table, at) => `Evidence for ${table.data.rows[at][0] ?? "this row"}`;
  const proofRow = (table, at) => {
    // It may be wider than a phone, and is scrolled by keyboard too.
    const is = { tabindex: "0", role: "group", "aria-label": evidenceLabel(table, at) };
    const held = make("td", { colspan: table.data.columns.length + 1 }, make("div", is, proof(table.data.proofs[at])));
    return make("tr", { class: "proof", id: `${table.id}-proof-${at}` }, held);
  };
  const rowsOf = (table, at) => {
    const row = make("tr");
    if (table.data.evidence) {
      const is = { type: "button", "aria-label": evidenceLabel(table, at), "aria-expanded": String(table.open.has(at)), "aria-controls": `${table.id}-proof-${at}` };
      const button = make("button", is);
      button.addEventListener("click", () => toggle(table, at, button, row));
      row.append(make("td", { class: "more" }, button));
    }
    row.append(...table.data.rows[at].map((text, column) => cell(text, table.data.columns[column].kind, column)));
    return table.open.has(at) ? [row, proofRow(table, at)] : [row];
  };

  const pagesOf = (table) => Math.max(1, Math.ceil(table.chosen.length / PAGE_ROWS));
  const fill = (table, from, to) => {
    const rows = table.chosen.slice(from, to).flatMap((at) => rowsOf(table, at));
    const width = table.data.columns.length + (table.data.evidence ? 1 : 0);
    if (!rows.length) rows.push(make("tr", {}, make("td", { class: "nothing", colspan: width }, "No row is like this. Clear the filter to see all.")));
    table.body.replaceChildren(...rows);
  };
  const tell = (table, from, most = PAGE_ROWS) => {
    const [all, count] = [table.data.rows.length, table.chosen.length];
    const to = Math.min(from + most, count);
    const which = count > most ? `Rows ${grouped.format(from + 1)} to ${grouped.format(to)} of ${grouped.format(count)}` : `${grouped.format(count)} ${count === 1 ? "row" : "rows"}`;
    table.status.textContent = which + (count < all ? `, filtered from ${grouped.format(all)}` : "");
    table.pager.hidden = pagesOf(table) === 1;
    table.pager.querySelector("[data-page]").textContent = `Page ${grouped.format(table.page)} of ${grouped.format(pagesOf(table))}`;
    for (const button of table.pager.querySelectorAll("button")) {
      const isBack = ["first", "previous"].includes(button.dataset.go);
      // Not `disabled`: the focus would be lost at the last page.
      button.setAttribute("aria-disabled", String(isBack ? table.page === 1 : table.page === pagesOf(table)));
    }
  };
  const show = (table) => {
    table.page = Math.min(Math.max(1, table.page), pagesOf(table));
    const from = (table.page - 1) * PAGE_ROWS;
    fill(table, from, from + PAGE_ROWS);
    tell(table, from);
    table.heads.forEach((head, at) => {
      if (table.sort?.at === at) head.setAttribute("aria-sort", table.sort.isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };

  // The address remembers; a plain anchor (#charts) is left to the browser.
  const remember = () => {
    const kept = new URLSearchParams();
    for (const table of tables) {
      if (table.page > 1) kept.set(`${table.id}.page`, table.page);
      if (table.sort) kept.set(`${table.id}.sort`, `${table.sort.isDown ? "-" : "+"}${table.data.columns[table.sort.at].name}`);
      if (table.find.value) kept.set(`${table.id}.find`, table.find.value);
      for (const pick of table.picks) {
        if (pick.value !== "*") kept.set(`${table.id}.is.${table.data.columns[pick.dataset.column].name}`, pick.value.slice(1));
      }
    }
    try {
      history.replaceState(null, "", `#${kept}`);
    } catch {
      // A browser that forbids it for files loses the memory, not the table.
    }
  };
  const recall = (table) => {
    const kept = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const named = (name) => table.data.columns.findIndex((column) => column.name === name);
    const order = kept.get(`${table.id}.sort`) ?? "";
    table.sort = named(order.slice(1)) < 0 ? null : { at: named(order.slice(1)), isDown: order[0] === "-" };
    table.find.value = kept.get(`${table.id}.find`) ?? "";
    for (const pick of table.picks) {
      const value = kept.get(`${table.id}.is.${table.data.columns[pick.dataset.column].name}`);
      pick.value = value === null ? "*" : `=${value}`;
      if (pick.selectedIndex < 0) pick.value = "*";
    }
    table.page = Math.trunc(Number(kept.get(`${table.id}.page`))) || 1;
    choose(table);
    show(table);
  };

  // The same rule for spreadsheets as in the CSV beside the page (reports/downloads.py).
  const safe = (text, kind) =>
    ["text", "prose", "code"].includes(kind) && /^\s*[=+\-@\t\r\n]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const evidenceText = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const csvOf = (table) => {
    const { columns, rows, proofs, evidence } = table.data;
    const lines = [[...columns.map((column) => column.name), ...(evidence ? [evidence] : [])].map(quoted)];
    for (const at of table.chosen) {
      const cells = rows[at].map((text, column) => safe(text ?? "", columns[column].kind));
      if (evidence) cells.push(safe(evidenceText(proofs[at]), "text"));
      lines.push(cells.map(quoted));
    }
    return `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
  };
  const save = (table) => {
    const address = URL.createObjectURL(new Blob([csvOf(table)], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: address, download: `${table.data.key}-filtered.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  };

  const wireHeads = (table) => {
    table.heads.forEach((head, at) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      button.addEventListener("click", () => {
        // Up, down, then as the report gave them.
        const next = table.sort?.at !== at ? { at, isDown: false } : table.sort.isDown ? null : { at, isDown: true };
        change(table, () => { table.sort = next; });
      });
      head.replaceChildren(button);
    });
  };
  const wireTools = (table, section) => {
    let waiting;
    table.find.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => change(table), 120);
    });
    for (const pick of table.picks) pick.addEventListener("change", () => change(table));
    section.querySelector("[data-clear]").addEventListener("click", () => change(table, () => {
      table.find.value = "";
      for (const pick of table.picks) pick.value = "*";
    }));
    section.querySelector("[data-save]").addEventListener("click", () => save(table));
    for (const button of table.pager.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        table.page = { first: 1, previous: table.page - 1, next: table.page + 1, last: pagesOf(table) }[button.dataset.go];
        show(table);
        remember();
        table.status.scrollIntoView({ block: "nearest" });
        table.box.scrollTop = 0;
      });
    }
  };
  const change = (table, act = () => {}) => {
    act();
    table.page = 1;
    choose(table);
    show(table);
    remember();
  };

  const start = (section) => {
    const source = section.querySelector('script[type="application/json"]');
    if (!source) return;
    const table = {
      id: section.id, data: JSON.parse(source.textContent), sort: null, page: 1, chosen: [], open: new Set(), texts: [],
      find: section.querySelector("[data-find]"), picks: [...section.querySelectorAll("select[data-column]")],
      status: section.querySelector("[data-status]"), pager: section.querySelector(".pages"), box: section.querySelector(".box"),
      body: section.querySelector(".box tbody"), heads: [...section.querySelectorAll(".box > table > thead th:not(.more)")],
    };
    tables.push(table);
    section.querySelector(".tools").hidden = false;
    const more = section.querySelector("th.more");
    if (more) more.hidden = false;
    wireHeads(table);
    wireTools(table, section);
    recall(table);
  };

  document.documentElement.classList.add("script");
  document.querySelectorAll("section[data-table]").forEach(start);
  addEventListener("hashchange", () => { if (location.hash.includes("=")) tables.forEach(recall); });
  // On paper, all rows that the filter lets through.
  addEventListener("beforeprint", () => tables.forEach((table) => {
    fill(table, 0, table.chosen.length);
    tell(table, 0, table.chosen.length);
  }));
  addEventListener("afterprint", () => tables.forEach(show));
})();
