// Counts the packed requests again for a filter and lays the figures out as the page was made with them. The layout of the
// stream is that of views/report/packed.py, the intervals are those of proportions.py.
(async () => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  const data = JSON.parse(byId("data").textContent);
  const { names, bases, shown } = data;
  const DIMENSIONS = ["family", "guideline", "specialty", "period"];
  const OWN = 0, INHERITED = 1, OVERTURNED = 2;

  let stream;
  try {
    const packed = Uint8Array.from(atob(data.stream), (character) => character.charCodeAt(0));
    const opened = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    stream = new Uint8Array(await new Response(opened).arrayBuffer());
  } catch {
    return; // a browser that cannot unpack it shows everything, unfiltered
  }

  // Shares of requests, with what the interval needs to know of letters.
  const Z = 1.959963984540054, FEW = 10;
  function share(hits, requests, letters, squares, products, sizes) {
    const value = requests ? hits / requests : 0;
    if (!requests) return { hits, requests, letters, value, low: 0, high: 0, none: true };
    let size = letters;
    if (letters >= FEW && hits !== 0 && hits !== requests) {
      const spread = squares - 2 * value * products + value * value * sizes;
      size = requests / Math.max(1, spread / (requests * value * (1 - value)));
    }
    const square = (Z * Z) / size;
    const middle = (value + square / 2) / (1 + square);
    const half = (Z / (1 + square)) * Math.sqrt((value * (1 - value)) / size + square / (4 * size));
    return { hits, requests, letters, value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
  }
  class Tally {
    // Of some groups, each with its own requests (many), or of some kinds of hit among the same requests.
    constructor(length) {
      for (const name of ["hits", "requests", "letters", "squares", "products", "sizes", "now", "nowHits"]) {
        this[name] = new Float64Array(length);
      }
      this.touched = [];
    }
    add(group, hit) {
      if (!this.now[group]++) this.touched.push(group);
      if (hit) this.nowHits[group]++;
    }
    close() {
      for (const group of this.touched) {
        const size = this.now[group], hits = this.nowHits[group];
        this.hits[group] += hits;
        this.requests[group] += size;
        this.letters[group]++;
        this.squares[group] += hits * hits;
        this.products[group] += hits * size;
        this.sizes[group] += size * size;
        this.now[group] = this.nowHits[group] = 0;
      }
      this.touched.length = 0;
    }
    // Kinds of hit: a letter's requests are those of the group 0 of `all`.
    closeAmong(size) {
      for (const kind of this.touched) {
        const hits = this.now[kind];
        this.hits[kind] += hits;
        this.squares[kind] += hits * hits;
        this.products[kind] += hits * size;
        this.now[kind] = 0;
      }
      this.touched.length = 0;
    }
    of(group) {
      return share(this.hits[group], this.requests[group], this.letters[group], this.squares[group], this.products[group], this.sizes[group]);
    }
    among(kind, all) {
      return share(this.hits[kind], all.requests[0], all.letters[0], this.squares[kind], this.products[kind], all.sizes[0]);
    }
  }

  function chosen() {
    const value = (name) => (byId(`f-${name}`).value === "" ? null : Number(byId(`f-${name}`).value));
    const filter = {};
    for (const name of ["family", "guideline", "specialty", "state", "from", "to"]) filter[name] = value(name);
    return filter;
  }

  function count(filter) {
    const types = names.type.length, many = bases.length;
    const result = {
      letters: 0, requests: 0, passed: [],
      states: [new Tally(1), new Tally(1), new Tally(1)],
      rates: {}, reasonsOf: {}, ownOf: {}, inheritedOf: {},
      own: new Tally(1), types: new Tally(types), bases: new Tally(many), curable: new Tally(1),
      typeBasis: new Float64Array(types * many), missing: new Float64Array(names.family.length * types),
      missingAny: new Float64Array(names.family.length), reasons: 0,
    };
    for (const name of DIMENSIONS) {
      const length = names[name].length;
      result.rates[name] = new Tally(length);
      result.reasonsOf[name] = new Float64Array(length * types);
      result.ownOf[name] = new Float64Array(length);
      result.inheritedOf[name] = new Float64Array(length);
    }
    const every = [result.own, result.curable, ...result.states, ...DIMENSIONS.map((name) => result.rates[name])];
    let at = 0;
    const list = () => {
      const from = at + 1;
      at = from + stream[at];
      return stream.subarray(from, at);
    };
    while (at < stream.length) {
      const period = stream[at++];
      const specialties = list();
      const size = stream[at] + 256 * stream[at + 1];
      at += 2;
      const inside = (filter.from === null || period >= filter.from) && (filter.to === null || period <= filter.to)
        && (filter.specialty === null || specialties.includes(filter.specialty));
      let counted = 0, denied = 0;
      for (let one = 0; one < size; one++) {
        const family = stream[at++], state = stream[at++];
        const guidelines = list(), reasons = list();
        const passes = inside && (filter.family === null || family === filter.family) && (filter.state === null || state === filter.state)
          && (filter.guideline === null || guidelines.includes(filter.guideline));
        result.passed.push(passes);
        if (!passes) continue;
        counted++;
        const groups = { family: [family], guideline: guidelines, specialty: specialties, period: [period] };
        for (const kind of [OWN, INHERITED, OVERTURNED]) result.states[kind].add(0, state === kind);
        const found = new Set(), why = new Set();
        for (const code of reasons) {
          found.add(Math.floor(code / many));
          why.add(code % many);
          result.typeBasis[code]++;
          if (code % many === 0) result.missing[family * types + Math.floor(code / many)]++;
        }
        for (const name of DIMENSIONS) {
          for (const group of groups[name]) {
            result.rates[name].add(group, state === OVERTURNED);
            if (state === INHERITED) result.inheritedOf[name][group]++;
            if (state !== OWN) continue;
            result.ownOf[name][group]++;
            for (const type of found) result.reasonsOf[name][group * types + type]++;
          }
        }
        if (state !== OWN) continue;
        denied++;
        result.reasons += reasons.length;
        result.own.add(0, true);
        result.curable.add(0, why.size === 1 && why.has(0));
        if (why.has(0)) result.missingAny[family]++;
        for (const type of found) result.types.add(type, true);
        for (const basis of why) result.bases.add(basis, true);
      }
      result.types.closeAmong(denied);
      result.bases.closeAmong(denied);
      for (const tally of every) tally.close();
      if (counted) result.letters++;
      result.requests += counted;
    }
    return result;
  }

  // Words for figures, as in page.py.
  const thousands = (number) => number.toLocaleString("en-US");
  const whole = (value) => Math.floor(value * 100 + 0.5);
  function percent(value) {
    if (whole(value) === 0 && value > 0) return "<1%";
    return whole(value) === 100 && value < 1 ? ">99%" : `${whole(value)}%`;
  }
  const between = (one) => (one.none ? "–" : `${whole(one.low)}–${whole(one.high)}%`);
  const of = (hits, requests) => `${percent(requests ? hits / requests : 0)} · ${thousands(hits)} of ${thousands(requests)}`;
  const plotted = (label, one) => ({ label, share: one.value, low: one.low, high: one.high, text: of(one.hits, one.requests) });
  const lower = (words) => (/^[A-Z][a-z]/.test(words) ? words[0].toLowerCase() + words.slice(1) : words);

  function fill(id, rows) {
    const body = byId(`rows-${id}`);
    const columns = body.closest("table").querySelectorAll("thead th").length;
    body.replaceChildren(...(rows.length ? rows : [[null]]).map(([name, ...cells]) => {
      const row = document.createElement("tr");
      const head = document.createElement(name === null ? "td" : "th");
      if (name === null) head.colSpan = columns;
      else head.scope = "row";
      head.textContent = name === null ? "None." : name;
      row.append(head, ...cells.map((words) => {
        const cell = document.createElement("td");
        cell.className = "n";
        cell.textContent = words;
        return cell;
      }));
      return row;
    }));
  }

  const views = {};
  async function draw(id, rows) {
    const target = byId(`plot-${id}`);
    target.hidden = rows.length === 0;
    if (!rows.length) return;
    if (!views[id]) {
      const holder = document.createElement("div");
      const options = { mode: "vega", ast: true, renderer: "svg", actions: false, tooltip: false, hover: false, defaultStyle: false };
      const specification = structuredClone(data.plots[id]);
      specification.data.find((one) => one.name === "rows").values = rows;
      views[id] = (await vegaEmbed(holder, specification, options)).view;
      target.replaceChildren(holder);
      return;
    }
    await views[id].data("rows", rows).resize().runAsync();
  }
  const numbered = (rows) => rows.map((row, place) => ({ place, ...row }));

  // Places of a list by how often they occur, the most frequent first; what does not occur is left out.
  const ranked = (counts) => [...counts.keys()].filter((place) => counts[place] > 0).sort((a, b) => counts[b] - counts[a] || a - b);

  function layOut(result) {
    const types = names.type.length, many = bases.length;
    const [own, inherited, overturned] = result.states.map((tally) => tally.of(0));
    const curable = result.curable.of(0);
    const beside = (one, words = "of requests") => (one.none ? "" : `${percent(one.value)} (${between(one)}) ${words}`);
    const told = {
      letters: [result.letters, ""], requests: [result.requests, ""], reasons: [result.reasons, ""],
      overturned: [overturned.hits, beside(overturned)], own: [own.hits, beside(own)], inherited: [inherited.hits, beside(inherited)],
      curable: [curable.hits, beside(curable, "of those upheld for a reason of their own")],
    };
    for (const [id, [number, words]] of Object.entries(told)) {
      byId(`n-${id}`).textContent = thousands(number);
      byId(`b-${id}`).textContent = words;
    }
    const plots = [];

    const order = ranked(result.types.hits);
    const byType = order.map((type) => [type, result.types.among(type, result.own)]);
    fill("types", byType.map(([type, one]) => [
      names.type[type], thousands(one.hits), percent(one.value), between(one),
      ...bases.map((_, basis) => thousands(result.typeBasis[type * many + basis])),
    ]));
    plots.push(["types", numbered(byType.slice(0, shown.bars).map(([type, one]) => plotted(names.type[type], one)))]);

    const byBasis = ranked(result.bases.hits).map((basis) => {
      return [bases[basis][0].toUpperCase() + bases[basis].slice(1), result.bases.among(basis, result.own)];
    });
    fill("bases", byBasis.map(([name, one]) => [name, thousands(one.hits), percent(one.value), between(one)]));
    plots.push(["bases", numbered(byBasis.map(([name, one]) => plotted(name, one)))]);

    const across = order.slice(0, shown.columns);
    const head = byId("rows-heat").closest("table").querySelector("thead tr");
    head.replaceChildren(...[...head.children].slice(0, 2), ...across.map((type) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = names.type[type];
      return cell;
    }));
    const denied = ranked(result.ownOf.family);
    const hits = (family, type) => result.reasonsOf.family[family * types + type];
    fill("heat", denied.map((family) => {
      const size = result.ownOf.family[family];
      return [names.family[family], thousands(size), ...across.map((type) => {
        return hits(family, type) ? `${thousands(hits(family, type))} (${percent(hits(family, type) / size)})` : "–";
      })];
    }));
    plots.push(["heat", denied.slice(0, shown.rows).flatMap((family, down) => across.map((type, place) => {
      const size = result.ownOf.family[family], found = hits(family, type);
      return {
        row: `${names.family[family]} (${thousands(size)})`, down, column: names.type[type], across: place,
        share: found / size, text: found ? percent(found / size) : "·",
      };
    }))]);

    for (const name of DIMENSIONS) {
      const tally = result.rates[name];
      const groups = name === "period" ? [...tally.requests.keys()].filter((group) => tally.requests[group]) : ranked(tally.requests);
      const rows = groups.map((group) => {
        const counts = result.reasonsOf[name].subarray(group * types, (group + 1) * types);
        // The list of types is in order of frequency; a tie goes to the earlier name, as in page.py.
        let first = -1;
        counts.forEach((number, type) => {
          if (number && (first < 0 || number > counts[first] || (number === counts[first] && names.codes[type] < names.codes[first]))) first = type;
        });
        return [group, tally.of(group), first < 0 ? "–" : `${lower(names.type[first])} (${percent(counts[first] / result.ownOf[name][group])})`];
      });
      fill(name, rows.map(([group, one, first]) => [
        names[name][group], thousands(one.letters), thousands(one.requests), thousands(one.hits), percent(one.value), between(one),
        thousands(result.ownOf[name][group]), thousands(result.inheritedOf[name][group]), first,
      ]));
      const most = name === "period" ? rows : rows.slice(0, shown.bars);
      plots.push([name, numbered(most.map(([group, one]) => plotted(names[name][group], one)))]);
    }

    for (const box of document.querySelectorAll(".cure")) {
      const family = Number(box.dataset.family), size = result.ownOf.family[family];
      box.hidden = !result.missingAny[family];
      box.querySelector(".count").textContent = `something missing in ${of(result.missingAny[family], size)}`;
      for (const item of box.querySelectorAll("li[data-type]")) {
        const number = result.missing[family * types + Number(item.dataset.type)];
        item.hidden = !number;
        item.querySelector(".count").textContent = of(number, size);
      }
    }
    for (const id of ["counters", "warnings"]) {
      if (!byId(id)) continue;
      let left = 0;
      for (const row of byId(id).rows) {
        row.hidden = row.dataset.first === "" ? anything() : !result.passed.slice(Number(row.dataset.first), Number(row.dataset.last) + 1).includes(true);
        left += !row.hidden;
      }
      byId(`left-${id}`).textContent = anything() ? `The filter leaves ${left} of the ${byId(id).rows.length} rows here.` : "";
    }
    return plots;
  }

  const total = count({ family: null, guideline: null, specialty: null, state: null, from: null, to: null }).requests;
  const anything = () => Object.values(chosen()).some((value) => value !== null);
  let turn = 0;
  async function update() {
    const now = ++turn;
    const result = count(chosen());
    const plots = layOut(result);
    document.documentElement.classList.toggle("filtered", anything());
    const picked = [...form.querySelectorAll("select")].filter((one) => one.value !== "")
      .map((one) => `${one.labels[0].textContent}: ${one.selectedOptions[0].textContent}`);
    byId("shown").textContent = picked.length
      ? `${thousands(result.requests)} of ${thousands(total)} requests, in ${thousands(result.letters)} letters, are counted. ${picked.join("; ")}.`
      : "All requests are counted.";
    for (const [id, rows] of plots) {
      if (now !== turn) return;
      await draw(id, rows);
    }
    document.documentElement.dataset.drawn = String(now);
  }

  form.reset(); // a browser that goes back keeps the choices, but not what they showed
  form.addEventListener("change", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => document.querySelectorAll("details.cure").forEach((box) => { box.open = true; }));
  form.hidden = false;
})();
