// SPDX-License-Identifier: Apache-2.0
// Draws the report from the JSON in #data. Text of the data is only ever put in as text
// (textContent), never as markup. Charts draw themselves again when their width changes.
(function () {
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const r = data.result;
const curves = data.curves;

// ---- figures for people ----

const whole = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const count = (n) => whole.format(n);

function number(value) {  // three digits where more is noise
  const size = Math.abs(value);
  const digits = size >= 99.95 || size === 0 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

function money(microUsd) {
  const usd = microUsd / 1e6, size = Math.abs(usd), sign = usd < 0 ? '-' : '';
  if (size >= 9.995e8) return sign + '$' + (size / 1e9).toFixed(2) + 'B';
  if (size >= 9.995e5) return sign + '$' + (size / 1e6).toFixed(2) + 'M';
  if (size >= 999.5) return sign + '$' + count(size);
  return sign + '$' + size.toFixed(2);
}

function span(ms) {
  if (ms < 1000) return count(ms) + ' ms';
  const s = Math.round(ms / 1000), two = (n) => String(n).padStart(2, '0');
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min ' + two(s % 60) + ' s';
  if (s < 86400) return Math.floor(s / 3600) + ' h ' + two(Math.floor(s / 60) % 60) + ' min';
  return count(Math.floor(s / 86400)) + ' d ' + (Math.floor(s / 3600) % 24) + ' h';
}

const percent = (share) => (100 * share).toFixed(1) + ' %';
const mwh = (joules) => number(joules / 3.6e9) + ' MWh';
const tonnes = (grams) => number(grams / 1e6) + ' t';
const hours = (gpuMs) => count(gpuMs / 3.6e6);
const instant = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const gpus = (c) => c.name + (c.most_gpus === 1 ? ' GPU' : ' GPUs');
const sum = (list) => list.reduce((a, b) => a + b, 0);

// W in the unit that suits the largest of them.
function powerUnit(most) {
  const [name, size] = most >= 1e9 ? ['GW', 1e9] : most >= 1e6 ? ['MW', 1e6] : ['kW', 1e3];
  return {name, of: (w) => number(w / size) + ' ' + name, axis: (w) => trimmed(w / size) + ' ' + name};
}
const trimmed = (n) => n.toLocaleString('en-US', {maximumFractionDigits: 3});

// ---- elements ----

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name in attributes || {}) {
    if (attributes[name] !== undefined) element.setAttribute(name, attributes[name]);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

const report = document.getElementById('report');
const sections = [];

function section(id, title, lead) {
  const element = make('section', {id, 'aria-labelledby': id + '-title'},
      make('h2', {id: id + '-title'}, title), lead ? make('p', {class: 'lead'}, lead) : null);
  sections.push({id, title});
  report.append(element);
  return element;
}

// ---- the tooltip: one for all charts; also what a screen reader is told ----

const tip = document.getElementById('tip');

function showTip(x, y, title, rows) {
  const body = rows.map(({name, value, colour}) => {
    const swatch = colour ? make('i', {}) : null;
    if (swatch) swatch.style.background = colour;
    return make('tr', {}, make('td', {}, swatch, name), make('td', {}, value));
  });
  tip.replaceChildren(make('b', {}, title), make('table', {}, make('tbody', {}, body)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 16 + box.width > innerWidth - 8 ? x - 16 - box.width : x + 16;
  tip.style.left = Math.max(8, left) + 'px';
  tip.style.top = Math.max(8, Math.min(y + 14, innerHeight - box.height - 8)) + 'px';
}

function hideTip() {
  tip.hidden = true;
}

// ---- colours: legible on light and dark ----

const hues = ['#4269d0', '#efb118', '#3ca951', '#ff725c', '#a463f2', '#6cc5b0', '#ff8ab7', '#9c6b4e',
  '#97bbf5', '#c4a000'];
const grey = '#9498a0';
const ordered = (n) => {
  const scale = d3.scale.linear().domain([0, .5, 1]).range(['#f6c667', '#e0567a', '#4b3fa0'])
      .interpolate(d3.interpolateHcl);
  return d3.range(n).map((i) => scale(n < 2 ? .5 : i / (n - 1)));
};
const resultColours = {
  Completed: '#2a7f3e', Running: '#4269d0', Preempted: '#8a4fd6', Resized: '#1f7f74', Failed: '#d6453d',
  TimedOut: '#a8620b', InfrastructureFailed: '#8c2f5b', Cancelled: '#6b7280',
};

// ---- figures ----

function figure(parent, title, text) {
  const caption = make('figcaption', {}, make('h3', {}, title), text ? make('p', {}, text) : null);
  const element = make('figure', {}, caption);
  parent.append(element);
  return element;
}

function legend(parent, items) {
  const list = make('ul', {class: 'legend'});
  for (const item of items) {
    const entry = make('li', {});
    const key = d3.select(entry).append('svg').attr({viewBox: '0 0 18 12', 'aria-hidden': 'true'});
    if (item.line) key.append('line').attr({x1: 0, x2: 18, y1: 6, y2: 6, class: 'curve ' + item.line});
    else key.append('rect').attr({x: 2, y: 0, width: 12, height: 12, rx: 2}).style('fill', item.colour);
    entry.append(item.name);
    list.append(entry);
  }
  parent.append(list);
}

// Calls draw(svg, width) now and whenever the width has changed.
function canvas(parent, label, draw) {
  const svg = d3.select(parent).append('svg').attr({role: 'img', 'aria-label': label, tabindex: 0});
  let drawn = 0;
  function redraw() {
    const style = getComputedStyle(parent);
    const width = Math.floor(parent.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    if (width < 40 || width === drawn) return;
    drawn = width;
    svg.selectAll('*').remove();
    const height = draw(svg, width);
    svg.attr({viewBox: `0 0 ${width} ${height}`});
  }
  redraw();
  new ResizeObserver(() => requestAnimationFrame(redraw)).observe(parent);
  return svg;
}

function yAxis(svg, y, width, left, format, ticks) {
  const grid = svg.append('g').attr('class', 'grid');
  const axis = svg.append('g').attr('class', 'axis');
  for (const tick of y.ticks(ticks)) {
    grid.append('line').attr({x1: left, x2: width, y1: y(tick), y2: y(tick)});
    axis.append('text').attr({x: left - 8, y: y(tick), dy: '.32em', 'text-anchor': 'end'}).text(format(tick));
  }
}

function timeAxis(svg, x, bottom, width) {
  const ticks = Math.max(2, Math.min(8, Math.floor(width / 110)));
  svg.append('g').attr({class: 'axis', transform: `translate(0,${bottom})`})
      .call(d3.svg.axis().scale(x).orient('bottom').ticks(ticks).tickSize(0).tickPadding(9));
  svg.append('line').attr({class: 'base', x1: x.range()[0], x2: x.range()[1], y1: bottom, y2: bottom});
}

const timeScale = (left, right) => d3.time.scale.utc()
    .domain([new Date(r.from_ms), new Date(Math.max(r.from_ms + 1, r.until_ms))]).range([left, right]);

// What a chart over time shows: areas stacked on each other (`areas`), and lines (`lines`).
//   {title, text, areas: [{name, values, colour}], lines: [{name, values, style}], format, axis, height,
//    right: {name, values, style, format, axis}}: a line with a scale of its own, on the right.
// A value holds until the next sample: all are drawn as steps.
function timeChart(parent, spec) {
  const areas = spec.areas || [], lines = spec.lines || [], at = curves.at_ms;
  const element = figure(parent, spec.title, spec.text);
  if (!spec.plain) {
    legend(element, [...areas, ...lines.concat(spec.right || []).map((l) => ({name: l.name, line: l.style}))]);
  }
  if (at.length === 0) {
    element.append(make('p', {class: 'note'}, 'No samples.'));
    return;
  }
  const stack = areas.map((area) => ({area, points: []}));
  const top = at.map(() => 0);
  for (const layer of stack) {
    layer.points = layer.area.values.map((v, i) => ({i, low: top[i], high: top[i] += v}));
  }
  const most = Math.max(1, ...[top, ...lines.map((l) => l.values)].map((list) => d3.max(list)));
  const view = {spec, areas, lines, at, stack, top, most};
  const svg = canvas(element, timeLabel(view), (s, width) => drawTime(view, s, width));
  svg.on('keydown', () => moveCursor(view, svg.node())).on('blur', () => view.hide());
  if (!spec.plain) element.append(dataTable(view));
}

function timeLabel({spec, areas, lines, at}) {
  const parts = [...areas, ...lines].map(({name, values}) =>
    `${name}: mean ${spec.format(d3.mean(values))}, at most ${spec.format(d3.max(values))}`);
  if (spec.right) {
    const {name, values, format} = spec.right;
    parts.push(`${name}: from ${format(d3.min(values))} to ${format(d3.max(values))}`);
  }
  return `${spec.title}, ${at.length} points. ${parts.join('; ')}. Arrow keys read values.`;
}

function drawTime(view, svg, width) {
  const {spec, at, stack, lines, most} = view;
  const left = spec.plain ? 50 : 64, height = spec.height || 260, bottom = height - 28;
  const right = width - (spec.right ? 64 : 6);
  const x = timeScale(left, right), y = d3.scale.linear().domain([0, most * 1.06]).range([bottom, 8]);
  yAxis(svg, y, right, left, spec.axis, spec.plain ? 3 : 5);
  const area = d3.svg.area().x((p) => x(at[p.i])).y0((p) => y(p.low)).y1((p) => y(p.high)).interpolate('step-after');
  for (const {area: of, points} of stack) {
    svg.append('path').attr('d', area(points)).style({fill: of.colour, 'fill-opacity': .85});
  }
  const curve = d3.svg.line().x((v, i) => x(at[i])).y((v) => y(v)).interpolate('step-after');
  for (const l of lines) svg.append('path').attr({class: 'curve ' + l.style, d: curve(l.values)});
  if (spec.right) drawRight(spec.right, svg, (i) => x(at[i]), right, bottom);
  timeAxis(svg, x, bottom, right - left);
  const cursor = svg.append('line').attr({class: 'cursor', y1: 8, y2: bottom}).style('display', 'none');
  view.hide = () => {
    cursor.style('display', 'none');
    hideTip();
  };
  view.show = (i) => {
    view.index = i;
    cursor.attr({x1: x(at[i]), x2: x(at[i])}).style('display', null);
    const box = svg.node().getBoundingClientRect(), scale = box.width / width;
    showTip(box.left + x(at[i]) * scale, box.top + 10, instant(at[i]) + ' UTC', valuesAt(view, i));
  };
  svg.append('rect').attr({class: 'hit', x: left, y: 0, width: Math.max(1, right - left), height: bottom})
      .on('mousemove', function () {
        view.show(nearest(at, x.invert(d3.mouse(this)[0]).getTime()));
      }).on('mouseleave', view.hide);
  return height;
}

function drawRight({values, style, axis}, svg, x, right, bottom) {
  const least = Math.min(0, d3.min(values)), most = Math.max(d3.max(values), least + 1e-9);
  const y = d3.scale.linear().domain([least, most]).nice(5).range([bottom, 8]);
  const labels = svg.append('g').attr('class', 'axis');
  for (const tick of y.ticks(5)) labels.append('text').attr({x: right + 8, y: y(tick), dy: '.32em'}).text(axis(tick));
  const curve = d3.svg.line().x((v, i) => x(i)).y((v) => y(v)).interpolate('step-after');
  svg.append('path').attr({class: 'curve ' + style, d: curve(values)});
}

function valuesAt({spec, areas, lines, top}, i) {
  const rows = areas.map((a) => ({name: a.name, value: spec.format(a.values[i]), colour: a.colour})).reverse();
  if (areas.length > 1) rows.push({name: 'together', value: spec.format(top[i])});
  const right = spec.right ? [{name: spec.right.name, value: spec.right.format(spec.right.values[i])}] : [];
  return [...rows, ...lines.map((l) => ({name: l.name, value: spec.format(l.values[i])})), ...right];
}

function nearest(list, value) {
  const i = d3.bisectLeft(list, value, 0, list.length - 1);
  return i > 0 && value - list[i - 1] < list[i] - value ? i - 1 : i;
}

function moveCursor(view) {
  const last = view.at.length - 1, step = Math.max(1, Math.round(last / 100)), now = view.index;
  const moves = {ArrowLeft: (now || 0) - step, ArrowRight: now === undefined ? 0 : now + step, Home: 0, End: last};
  if (d3.event.key === 'Escape') return view.hide();
  if (!(d3.event.key in moves)) return undefined;
  d3.event.preventDefault();
  return view.show(Math.max(0, Math.min(last, moves[d3.event.key])));
}

// The same as text: two dozen points, for whoever cannot use the picture.
function dataTable(view) {
  const {spec, areas, lines, at} = view;
  const details = make('details', {}, make('summary', {}, 'As a table'));
  details.addEventListener('toggle', () => {
    if (!details.open || details.children.length > 1) return;
    const rows = d3.range(Math.min(24, at.length)).map((k, _, all) =>
      Math.round(k * (at.length - 1) / Math.max(1, all.length - 1)));
    const columns = [...areas, ...lines].map(({name, values}) =>
      ({title: name, of: (i) => values[i], text: (i) => spec.format(values[i])}));
    if (spec.right) {
      const {name, values, format} = spec.right;
      columns.push({title: name, of: (i) => values[i], text: (i) => format(values[i])});
    }
    details.append(table('', [{title: 'time (UTC)', head: true, of: (i) => at[i], text: (i) => instant(at[i])},
      ...columns], rows));
  });
  return details;
}

// ---- tables: columns {title, of(row), text(row), head}; a click on a title sorts ----

function table(caption, columns, rows) {
  const body = make('tbody', {});
  const heads = columns.map((column) => {
    const button = make('button', {type: 'button', title: 'Sort by ' + column.title}, column.title);
    const head = make('th', {scope: 'col', class: column.head || column.words ? undefined : 'n'}, button);
    button.addEventListener('click', () => sortBy(column, head));
    return head;
  });
  const fill = (list) => body.replaceChildren(...list.map((row) => make('tr', {}, columns.map((column) =>
    make(column.head ? 'th' : 'td', {scope: column.head ? 'row' : undefined,
      class: column.head || column.words ? undefined : 'n'}, column.text(row))))));
  function sortBy(column, head) {
    const down = head.getAttribute('aria-sort') !== 'descending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const order = d3[down ? 'descending' : 'ascending'];
    fill([...rows].sort((a, b) => order(column.of(a), column.of(b))));
  }
  fill(rows);
  return make('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption || 'Data'},
      make('table', {}, caption ? make('caption', {}, caption) : null,
          make('thead', {}, make('tr', {}, heads)), body));
}

const column = (title, of, format) => ({title, of, text: (row) => format(of(row))});
const words = (title, of) => ({title, of, text: of, words: true});
const boxed = (parent, content) => parent.append(make('div', {class: 'box'}, content));

// ---- charts of bars: rows with a label on the left ----

// rows: {label, note, parts: [{from, to, colour, title, tip}]} on a common scale 0..most.
function barChart(parent, spec) {
  const element = figure(parent, spec.title, spec.text);
  if (spec.legend) legend(element, spec.legend);
  if (spec.rows.length === 0) {
    element.append(make('p', {class: 'note'}, 'Nothing to show.'));
    return;
  }
  const view = {};
  const svg = canvas(element, spec.label, (s, width) => drawBars(spec, view, s, width));
  roving(svg, view);
}

function drawBars(spec, view, svg, width) {
  const {rows} = spec, step = spec.step || 26, height = rows.length * step + (spec.time ? 34 : 6);
  const narrow = width < 560;  // no room for two columns of figures beside the bars
  const left = Math.min(spec.left || 190, width * .42), right = width - (narrow && spec.steps ? 62 : spec.right || 110);
  const x = spec.time ? timeScale(left, right) :
    d3.scale.linear().domain([0, Math.max(1, spec.most)]).range([left, right]);
  const text = (row, i, at, anchor, cls, value, room) => svg.append('text')
      .attr({x: at, y: i * step + step / 2, dy: '.32em', 'text-anchor': anchor, class: cls})
      .text(value).each(function () { shorten(this, room); });
  if (spec.time) timeAxis(svg, x, rows.length * step + 4, right - left);
  view.marks = [];
  rows.forEach((row, i) => {
    if (spec.time) svg.append('line').attr({class: 'base', x1: left, x2: right, y1: (i + 1) * step, y2: (i + 1) * step})
        .style('stroke', 'var(--grid)');
    text(row, i, 0, 'start', 'strong', row.label, left - 10);
    if (row.note) text(row, i, width, 'end', '', row.note, width - right - 6);
    if (row.figure && !narrow) text(row, i, width - 62, 'end', 'strong', row.figure, width - right - 66);
    if (spec.steps && i > 0) {  // a thread from each step to the next
      const at = x(row.parts[0].to);
      svg.append('line').attr({class: 'thread', x1: at, x2: at, y1: i * step - 4, y2: i * step + 4});
    }
    for (const part of row.parts) view.marks.push(drawPart(svg, part, x, i * step, step));
  });
  return height;
}

function drawPart(svg, part, x, top, step) {
  const from = x(part.from), width = Math.max(1.5, x(part.to) - from);
  const mark = svg.append('rect').attr({class: 'mark', x: from, y: top + 4, width, height: step - 8, rx: 2})
      .style('fill', part.colour).node();
  if (part.word && width > 12 + 6.4 * part.word.length) {
    svg.append('text').attr({class: 'onbar', x: from + 6, y: top + step / 2, dy: '.33em'}).text(part.word);
  }
  const show = (px, py) => showTip(px, py, part.title, part.tip);
  mark.addEventListener('mousemove', (event) => show(event.clientX, event.clientY));
  mark.addEventListener('mouseleave', hideTip);
  return {mark, show};
}

// One stop for the Tab key; arrows go from mark to mark.
function roving(svg, view) {
  let at = -1;
  const leave = () => {
    if (view.marks[at]) view.marks[at].mark.classList.remove('at');
    hideTip();
  };
  svg.on('keydown', () => {
    const moves = {ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0,
      End: view.marks.length - 1};
    if (d3.event.key === 'Escape') leave();
    if (!(d3.event.key in moves)) return;
    d3.event.preventDefault();
    if (view.marks.length === 0) return;
    leave();
    at = Math.max(0, Math.min(view.marks.length - 1, moves[d3.event.key]));
    const {mark, show} = view.marks[at];
    mark.classList.add('at');
    const box = mark.getBoundingClientRect();
    show(box.left, box.bottom);
  }).on('blur', leave);
}

function shorten(text, room) {
  const full = text.textContent;
  let keep = full.length;
  while (keep > 1 && text.getComputedTextLength() > room) {
    keep = Math.min(keep - 1, Math.floor(keep * Math.max(.5, room / text.getComputedTextLength())));
    text.textContent = full.slice(0, keep) + '\u2026';
  }
}

// ---- the parts of the page ----

function head() {
  document.title = 'Simulation of ' + r.portfolio;
  if (r.partial) {
    const banner = document.getElementById('partial');
    banner.textContent = `Partial: the simulation stopped at ${instant(r.simulated_until_ms)} of ` +
        `${instant(r.until_ms)} UTC. Every figure is up to then.`;
    banner.hidden = false;
  }
  const facts = [
    ['Workload', r.workloads.join(' + ') || 'none'],
    ['Policy', r.policy || 'as the portfolio says'],
    ['Time', `${instant(r.from_ms)} to ${instant(r.until_ms)} UTC (${span(r.until_ms - r.from_ms)})`],
    ['Seed', data.seed],
  ];
  document.getElementById('top').append(
      make('div', {class: 'brand'}, 'Ampacity \u00b7 simulation'), make('h1', {}, r.portfolio),
      make('dl', {class: 'facts'}, facts.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
      make('nav', {'aria-label': 'Sections'}, make('ul', {}, sections.map(({id, title}) =>
        make('li', {}, make('a', {href: '#' + id}, title))))));
}

function card(parent, name, value, more, share) {
  const meter = share === undefined ? null : make('div', {class: 'meter', 'aria-hidden': 'true'}, make('i', {}));
  if (meter) meter.firstChild.style.width = Math.max(0, Math.min(100, 100 * share)) + '%';
  const [figureText, unit] = Array.isArray(value) ? value : [value, ''];
  parent.append(make('div', {}, make('div', {class: 'name'}, name),
      make('div', {class: 'value'}, figureText, unit ? make('small', {}, ' ' + unit) : null), meter,
      make('div', {class: 'more'}, more)));
}

function headline() {
  const cards = make('div', {class: 'cards'});
  section('headline', 'Headline figures').append(cards);
  const ended = Object.entries(r.ended).map(([state, n]) => `${count(n)} ${state}`);
  card(cards, 'Jobs', [count(r.submitted), 'submitted'], [...ended, `${count(r.running)} running`,
    `${count(r.waiting)} waiting at the end`, ...(r.refused ? [`${count(r.refused)} refused`] : [])].join(', '));
  card(cards, 'Utilisation', percent(data.utilisation), `of ${count(r.gpus)} GPUs while in service`, data.utilisation);
  card(cards, 'Goodput', percent(data.goodput), 'of the GPU time that jobs held was useful work', data.goodput);
  card(cards, 'Attempts', count(r.attempts), `${count(r.preempted)} preempted, ${count(r.resized)} resized, ` +
      `${count(r.interrupted)} interrupted by failures`);
  card(cards, 'Wait, p50', span(r.wait.p50_ms), `half of the ${count(r.wait.count)} jobs that started waited less`);
  card(cards, 'Wait, p90', span(r.wait.p90_ms), `one in ten waited longer; mean ${span(r.wait.mean_ms)}`);
  card(cards, 'Wait, p99', span(r.wait.p99_ms), `one in a hundred waited longer; longest ${span(r.wait.max_ms)}`);
  card(cards, 'Makespan', span(r.makespan_ms), 'first submission to last end');
  card(cards, 'Energy at the meter', [number(r.facility_j / 3.6e9), 'MWh'], `${mwh(r.it_j)} of it IT; ` +
      money(r.energy_micro_usd));
  card(cards, 'Carbon', [number(r.carbon_g / 1e6), 't CO\u2082'], r.facility_j ?
      `${count(r.carbon_g / (r.facility_j / 3.6e6))} g/kWh` : 'no energy used');
  card(cards, 'Cost', money(data.cost_micro_usd), `leases owe ${money(r.bill.owed_micro_usd)} (used ` +
      `${money(r.lease_micro_usd)}), energy billed ${money(r.bill.energy_micro_usd)}`);
  const committed = sum(r.leases.map((l) => l.committed_micro_usd));
  card(cards, 'Commitment unused', money(r.unused_micro_usd), committed ?
      `${percent(r.unused_micro_usd / committed)} of ${money(committed)} committed` : 'no commitment',
  committed ? r.unused_micro_usd / committed : undefined);
}

const added = (lists) => curves.at_ms.map((_, i) => sum(lists.map((list) => list[i])));

// At most ten sites in colours of their own; the rest is one.
function bySite(member) {
  const shown = r.sites.length > hues.length ? hues.length - 1 : r.sites.length;
  const areas = r.sites.slice(0, shown).map((site, i) =>
    ({name: site.name, values: curves.sites[i][member], colour: hues[i]}));
  const rest = curves.sites.slice(shown).map((s) => s[member]);
  if (rest.length) areas.push({name: `${rest.length} other sites`, values: added(rest), colour: grey});
  return areas;
}

function powerLines(sites) {
  const lines = [];
  const contracted = added(sites.map((s) => s.contracted_w));
  const energised = added(sites.map((s) => s.energised_w));
  const grid = added(sites.map((s) => s.interconnection_w));
  if (d3.max(contracted) > 0) lines.push({name: 'contracted', values: contracted, style: 'ink'});
  if (d3.max(energised) > 0) lines.push({name: 'energised', values: energised, style: 'energised'});
  if (d3.max(grid) > 0) lines.push({name: 'interconnection', values: grid, style: 'limit'});
  return lines;
}

function capacity() {
  const part = section('capacity', 'Capacity and use',
      'IT power drawn, against the megawatts contracted by the leases, what energised halls feed, and what the grid connection carries. ' +
      'The interconnection is at the meter: it carries IT power times PUE.');
  const most = d3.max([...added(curves.sites.map((s) => s.it_w)), ...added(curves.sites.map((s) => s.contracted_w)),
    ...added(curves.sites.map((s) => s.energised_w)), ...added(curves.sites.map((s) => s.interconnection_w))]) || 1;
  const unit = powerUnit(most);
  timeChart(part, {title: `Power by site (${unit.name})`, areas: bySite('it_w'), lines: powerLines(curves.sites),
    format: unit.of, axis: unit.axis, height: 320});
  timeChart(part, {title: 'GPUs in use by site', areas: bySite('used_gpus'), lines: [{name: 'in service', style: 'ink',
    values: added(curves.sites.map((s) => s.in_service_gpus))}], format: count, axis: trimmed, height: 260});
  if (r.sites.length > 1) {
    const grid = make('div', {class: 'many'});
    part.append(grid);
    r.sites.forEach((site, i) => smallSite(grid, site, curves.sites[i], hues[i] || grey));
  }
  boxed(part, table('Sites', [
    {title: 'site', head: true, of: (s) => s.name, text: (s) => s.name}, column('GPUs', (s) => s.gpus, count),
    column('attempts', (s) => s.attempts, count),
    column('utilisation', (s) => held(s.time) / ((held(s.time) + s.time.idle_gpu_ms) || 1), percent),
    column('goodput', (s) => s.time.useful_gpu_ms / (held(s.time) || 1), percent),
    column('out of service', (s) => s.time.out_gpu_ms / ((held(s.time) + s.time.idle_gpu_ms + s.time.out_gpu_ms) || 1),
        percent),
    column('outages', (s) => s.outages, count), column('energy at the meter', (s) => s.facility_j, mwh),
    column('CO\u2082', (s) => s.carbon_g, tonnes), column('energy cost', (s) => s.energy_micro_usd, money),
  ], r.sites));
}

const held = (t) => t.useful_gpu_ms + t.lost_gpu_ms + t.checkpoint_gpu_ms + t.restart_gpu_ms + t.draining_gpu_ms;

function smallSite(parent, site, curve, colour) {
  const unit = powerUnit(Math.max(...['it_w', 'contracted_w', 'energised_w', 'interconnection_w'].map((m) => d3.max(curve[m]) || 0), 1));
  timeChart(parent, {plain: true, title: site.name, text: count(site.gpus) + ' GPUs',
    areas: [{name: 'IT power', values: curve.it_w, colour}],
    lines: powerLines([curve]), format: unit.of, axis: unit.axis, height: 130});
}

function queue() {
  const part = section('queue', 'The queue', 'Jobs that wait, by the GPUs that they ask for, and what they ask for together.');
  const pair = make('div', {class: 'two'});
  part.append(pair);
  const colours = ordered(r.size_classes.length);
  timeChart(pair, {title: 'Jobs waiting by size class', format: count, axis: trimmed,
    areas: r.size_classes.map((c, i) => ({name: gpus(c), values: curves.classes[i], colour: colours[i]}))});
  timeChart(pair, {title: 'GPUs waited for', format: count, axis: trimmed,
    areas: [{name: 'GPUs of waiting jobs', values: curves.waiting_gpus, colour: hues[0]}],
    lines: [{name: 'GPUs in service', style: 'ink', values: added(curves.sites.map((s) => s.in_service_gpus))}]});
}

function gantt() {
  const part = section('largest', 'The largest runs', 'Each row is a job, each bar one attempt, coloured by what became of it.');
  const jobs = new Map();
  for (const bar of r.largest) jobs.set(bar.job, [...(jobs.get(bar.job) || []), bar]);
  const shown = [...jobs.values()].sort((a, b) => a[0].from_ms - b[0].from_ms || a[0].job - b[0].job).slice(0, 60);
  const results = [...new Set(r.largest.map((b) => b.result))];
  barChart(part, {
    title: `${shown.length} largest runs by GPUs` + (jobs.size > shown.length ? ` (of ${jobs.size} in the result)` : ''),
    label: `Gantt chart of ${shown.length} jobs. Arrow keys go from attempt to attempt.`, time: true, step: 22, left: 210,
    right: 84, legend: results.map((name) => ({name, colour: resultColours[name] || grey})),
    rows: shown.map((bars) => ({label: bars[0].name || 'job ' + bars[0].job,
      note: count(d3.max(bars, (b) => b.gpus)) + ' GPUs', parts: bars.map(attempt)})),
  });
}

function attempt(bar) {
  return {from: bar.from_ms, to: bar.until_ms, colour: resultColours[bar.result] || grey, word: bar.site,
    title: `${bar.name} (job ${bar.job}, attempt ${bar.attempt})`, tip: [
      {name: 'came to', value: bar.result}, {name: 'GPUs', value: count(bar.gpus)},
      {name: 'team', value: bar.team || 'none'}, {name: 'site', value: bar.site},
      {name: 'from', value: instant(bar.from_ms)}, {name: 'until', value: instant(bar.until_ms)},
      {name: 'ran', value: span(bar.until_ms - bar.from_ms)}]};
}

function gpuHours() {
  const t = r.time, all = data.all_gpu_ms || 1, causes = Object.entries(r.lost_by_cause_gpu_ms);
  const part = section('gpu-hours', 'Where the GPU-hours went', 'From every GPU-hour that the portfolio has, down to those ' +
      'that did useful work. Each bar is what is taken away at that step.');
  const unnamed = t.lost_gpu_ms - sum(causes.map(([, ms]) => ms));
  const steps = [['out of service', t.out_gpu_ms, grey], ['idle', t.idle_gpu_ms, '#6f93c9'],
    ['being stopped', t.draining_gpu_ms, '#b08fd8'], ['starting and loading', t.restart_gpu_ms, '#efb118'],
    ['saving checkpoints', t.checkpoint_gpu_ms, '#e08a1e'],
    ...causes.sort((a, b) => b[1] - a[1]).map(([cause, ms]) => ['lost: ' + cause, ms, '#d6453d']),
    ...(unnamed > 0 ? [['lost: other', unnamed, '#d6453d']] : [])];
  let top = all;
  const row = (label, from, to, colour) => ({label, note: percent((to - from) / all), figure: hours(to - from) + ' h',
    parts: [{from, to, colour, title: label, tip: [{name: 'GPU-hours', value: hours(to - from)},
      {name: 'of all', value: percent((to - from) / all)}]}]});
  const rows = [row('all GPU-hours', 0, all, 'var(--soft)')];
  for (const [label, ms, colour] of steps) {
    rows.push(row(label, top - ms, top, colour));
    top -= ms;
  }
  rows.push(row('useful work', 0, t.useful_gpu_ms, '#3ca951'));
  barChart(part, {title: 'GPU-hours', rows, most: all, steps: true, left: 200, right: 190,
    label: 'Waterfall of GPU-hours. ' + rows.map((x) => `${x.label}: ${x.figure}, ${x.note}`).join('; ')});
}

function moneyPart() {
  const part = section('money', 'Money and energy', 'What each lease owes: for what was used, and for what take-or-pay or a minimum bill owes beyond it; and ' +
      'energy where it is billed besides. Below, the energy of all sites, also where a price includes it.');
  const colours = {used: hues[0], 'owed and not used': '#d6453d', 'energy billed': hues[1]};
  const piece = (name, from, to, kind) => ({from, to, colour: colours[kind], title: `${name}: ${kind}`,
    tip: [{name: kind, value: money(to - from)}]});
  const rows = r.leases.map((l) => ({label: l.name, note: money(l.owed_micro_usd + l.energy_billed_micro_usd), parts: [
    piece(l.name, 0, l.used_micro_usd, 'used'),
    piece(l.name, l.used_micro_usd, l.owed_micro_usd, 'owed and not used'),
    piece(l.name, l.owed_micro_usd, l.owed_micro_usd + l.energy_billed_micro_usd, 'energy billed')]
    .filter((p) => p.to > p.from)}));
  barChart(part, {title: 'Money by lease', rows, right: 110,
    most: Math.max(1, ...r.leases.map((l) => l.owed_micro_usd + l.energy_billed_micro_usd)),
    legend: Object.entries(colours).map(([name, colour]) => ({name, colour})),
    label: 'Money by lease. ' + rows.map((x) => `${x.label}: ${x.note}`).join('; ')});
  boxed(part, table('Leases', [
    {title: 'lease', head: true, of: (l) => l.name, text: (l) => l.name}, words('provider', (l) => l.provider),
    column('committed', (l) => l.committed_micro_usd, money), column('used', (l) => l.used_micro_usd, money),
    column('unused', (l) => l.unused_micro_usd, money), column('owed', (l) => l.owed_micro_usd, money),
    column('energy committed', (l) => l.committed_j, mwh), column('energy used', (l) => l.used_j, mwh),
    column('energy unused', (l) => l.unused_j, mwh), ...energyColumns()], r.leases));
  energyBySite(part);
  byTheHour(part);
}

const perMwh = (microUsd, joules) => joules ? microUsd / (joules / 3.6e9) : 0;
const perKwh = (grams, joules) => joules ? grams / (joules / 3.6e6) : 0;
const dollars = (microUsd, text) => (microUsd < 0 ? '-$' : '$') + text(Math.abs(microUsd / 1e6));
const dollarsPerMwh = (microUsd) => dollars(microUsd, (usd) => usd.toFixed(2)) + '/MWh';
const gramsPerKwh = (grams) => number(grams) + ' g/kWh';

// Of whatever has the members of an EnergyUse.
const energyColumns = () => [column('at the meter', (x) => x.facility_j, mwh),
  column('energy cost', (x) => x.energy_micro_usd, money), column('CO\u2082', (x) => x.carbon_g, tonnes)];

function energyBySite(part) {
  const pair = make('div', {class: 'two'});
  boxed(part, table('Energy by site', [
    {title: 'site', head: true, of: (s) => s.name, text: (s) => s.name}, column('IT', (s) => s.it_j, mwh), ...energyColumns(),
    column('of it idle', (s) => s.idle.facility_j / (s.facility_j || 1), percent),
    column('cost of idle', (s) => s.idle.energy_micro_usd, money),
    column('mean price', (s) => perMwh(s.energy_micro_usd, s.facility_j), dollarsPerMwh),
    column('mean carbon', (s) => perKwh(s.carbon_g, s.facility_j), gramsPerKwh)], r.sites));
  part.append(pair);
  boxed(pair, table('Energy by team', [
    {title: 'team', head: true, of: (t) => t.name, text: (t) => t.name || '(no team)'}, ...energyColumns()],
  [...r.teams, {...r.idle, name: '(idle GPUs)'}]));
  boxed(pair, table('Energy by size of job', [
    {title: 'GPUs of a job', head: true, of: (c) => c.least_gpus, text: (c) => c.name}, ...energyColumns()],
  [...r.size_classes, {...r.idle, name: '(idle GPUs)', least_gpus: 1e12}]));
}

// Price and carbon that change, against what the site draws meanwhile.
function byTheHour(part) {
  const most = 6, sites = r.sites.map((s) => s.name).filter((name) => r.series.some((s) => s.site === name));
  for (const name of sites.slice(0, most)) {
    const at = r.sites.findIndex((s) => s.name === name), curve = curves.sites[at], unit = powerUnit(d3.max(curve.it_w) || 1);
    const pair = make('div', {class: 'two'});
    part.append(pair);
    const chart = (title, right) => timeChart(pair, {title: `${title} and draw, ${name}`, format: unit.of, axis: unit.axis,
      height: 220, areas: [{name: 'IT power', values: curve.it_w, colour: '#9cb6d8'}], right});
    const has = (what) => r.series.some((s) => s.site === name && s.what === what);
    if (has('energy_price')) {
      chart('Energy price', {name: 'price', style: 'warm', values: curve.price_micro_usd_mwh, format: dollarsPerMwh,
        axis: (v) => dollars(v, trimmed)});
    }
    if (has('carbon')) {
      chart('Carbon', {name: 'carbon', style: 'accent', values: curve.carbon_mg_kwh, format: (v) => gramsPerKwh(v / 1000),
        axis: (v) => trimmed(v / 1000) + ' g'});
    }
  }
  if (sites.length > most) {
    part.append(make('p', {class: 'note'}, `${sites.length - most} more sites have series; samples.csv has theirs.`));
  }
}

const waitTicks = [[1e3, '1 s'], [1e4, '10 s'], [6e4, '1 min'], [6e5, '10 min'], [36e5, '1 h'], [216e5, '6 h'],
  [864e5, '1 d'], [6048e5, '7 d'], [2592e6, '30 d'], [31536e6, '1 year']];

function waits() {
  const part = section('waits', 'Waits by size', 'From submission to the first start, of the jobs that started. ' +
      'The scale is logarithmic; shorter than a second stands at its left end.');
  const colours = {p50: '#6cc5b0', p90: '#4269d0', p99: '#a463f2', longest: '#d6453d'};
  const element = figure(part, 'Waits by size class');
  legend(element, Object.entries(colours).map(([name, colour]) => ({name, colour})));
  const label = 'Waits by size class. ' + r.size_classes.map((c) =>
    `${gpus(c)}: p50 ${span(c.wait.p50_ms)}, p90 ${span(c.wait.p90_ms)}, p99 ${span(c.wait.p99_ms)}`).join('; ');
  const view = {};
  roving(canvas(element, label, (svg, width) => drawWaits(view, colours, svg, width)), view);
  boxed(part, table('Waits by size class', [
    {title: 'GPUs of a job', head: true, of: (c) => c.least_gpus, text: (c) => c.name},
    column('jobs started', (c) => c.jobs, count), column('never started', (c) => c.unstarted, count),
    column('mean', (c) => c.wait.mean_ms, span), column('p50', (c) => c.wait.p50_ms, span),
    column('p90', (c) => c.wait.p90_ms, span), column('p99', (c) => c.wait.p99_ms, span),
    column('longest', (c) => c.wait.max_ms, span),
    column('slowdown', (c) => c.slowdown_ppm / 1e6, (x) => x.toFixed(2))], r.size_classes));
}

function drawWaits(view, colours, svg, width) {
  const step = 30, bottom = r.size_classes.length * step, left = Math.min(170, width * .4);
  const most = Math.max(6e4, ...r.size_classes.map((c) => c.wait.max_ms));
  const x = d3.scale.log().domain([1e3, most]).range([left, width - 16]).clamp(true);
  const at = (ms) => x(Math.max(1e3, ms));
  const ticks = waitTicks.filter(([ms]) => ms <= most);
  for (const [ms, name] of ticks.filter((_, i) => width > 560 || i % 2 === 0)) {
    svg.append('g').attr('class', 'grid').append('line').attr({x1: x(ms), x2: x(ms), y1: 0, y2: bottom});
    svg.append('text').attr({x: x(ms), y: bottom + 18, 'text-anchor': 'middle'}).text(name);
  }
  view.marks = [];
  r.size_classes.forEach((c, i) => {
    const y = i * step + step / 2;
    svg.append('text').attr({class: 'strong', x: 0, y, dy: '.32em'}).text(gpus(c))
        .each(function () { shorten(this, left - 12); });
    svg.append('line').attr({x1: at(c.wait.p50_ms), x2: at(c.wait.max_ms), y1: y, y2: y, class: 'base'}).style('stroke-width', 3);
    for (const [name, ms] of [['longest', c.wait.max_ms], ['p99', c.wait.p99_ms], ['p90', c.wait.p90_ms],
      ['p50', c.wait.p50_ms]]) view.marks.push(dot(svg, at(ms), y, colours[name], c, name));
  });
  return bottom + 26;
}

function dot(svg, x, y, colour, c, name) {
  const mark = svg.append('circle').attr({class: 'mark', cx: x, cy: y, r: 6}).style('fill', colour).node();
  const show = (px, py) => showTip(px, py, `${gpus(c)}, ${name}`, [['jobs', count(c.jobs)],
    ['p50', span(c.wait.p50_ms)], ['p90', span(c.wait.p90_ms)], ['p99', span(c.wait.p99_ms)],
    ['longest', span(c.wait.max_ms)]].map(([n, value]) => ({name: n, value})));
  mark.addEventListener('mousemove', (event) => show(event.clientX, event.clientY));
  mark.addEventListener('mouseleave', hideTip);
  return {mark, show};
}

function teams() {
  const part = section('teams', 'Teams');
  const all = sum(r.teams.map((t) => t.gpu_ms)) || 1;
  boxed(part, table('What each team got', [
    {title: 'team', head: true, of: (t) => t.name, text: (t) => t.name || '(no team)'},
    column('jobs', (t) => t.jobs, count), column('mean wait', (t) => t.wait.mean_ms, span),
    column('p90', (t) => t.wait.p90_ms, span), column('p99', (t) => t.wait.p99_ms, span),
    column('GPU-hours', (t) => t.gpu_ms, hours), column('of all', (t) => t.gpu_ms / all, percent),
    ...energyColumns(), column('cost', (t) => t.cost_micro_usd, money)], r.teams));
}

function fragmentation() {
  const part = section('fragmentation', 'Fragmentation', 'The largest gang that would have started at each moment, in one ' +
      'rack and at one site, against all that was free. The wider the gap, the more is free and of no use to a large job.');
  const free = added(curves.sites.map((s) => s.in_service_gpus.map((n, i) => Math.max(0, n - s.used_gpus[i]))));
  const pair = make('div', {class: 'two'});
  part.append(pair);
  timeChart(pair, {title: 'Largest gang at one site, and free GPUs', format: count, axis: trimmed, height: 220,
    areas: [{name: 'free at all sites', values: free, colour: '#9cb6d8'}],
    lines: [{name: 'largest gang of one site', values: curves.largest_free_site, style: 'accent'}]});
  timeChart(pair, {title: 'Largest gang in one rack', format: count, axis: trimmed, height: 220,
    lines: [{name: 'largest gang of one rack', values: curves.largest_free_rack, style: 'warm'}]});
}

function workload() {
  const part = section('workload', 'Workload and assumptions', 'What was left out of the traces or mended in them, what was ' +
      'refused on submission, and what to know before quoting a figure.');
  const rows = [];
  for (const [name, repair] of Object.entries(r.repairs)) {
    rows.push([name, 'read', '', repair.read]);
    for (const [why, n] of Object.entries(repair.refused)) rows.push([name, 'left out', why, n]);
    for (const [why, n] of Object.entries(repair.repaired)) rows.push([name, 'repaired', why, n]);
  }
  for (const [why, n] of Object.entries(r.refusals)) rows.push(['', 'refused on submission', why, n]);
  if (rows.length) {
    boxed(part, table('Jobs of the workloads', [{title: 'workload', head: true, of: (x) => x[0], text: (x) => x[0] || 'all'},
      words('what', (x) => x[1]), words('why', (x) => x[2]), column('jobs', (x) => x[3], count)], rows));
  }
  part.append(make('ul', {class: 'plain'}, assumptions().map((text) => make('li', {}, text))));
}

// What this result rests on, out of the result.
function assumptions() {
  const thinned = data.samples > curves.at_ms.length;
  return [
    `Policy: ${r.policy || 'as the portfolio says'}. Seed ${data.seed}; the same inputs and seed give the same digest, ${r.digest}.`,
    r.latency_ms ? `A gang is told ${span(r.latency_ms)} after the decision.` : 'A gang starts at the instant of the decision.',
    ...faults(), ...seriesUsed(), constants(),
    `Idle: a free GPU in service draws what its accelerator draws idle (${mwh(r.idle.facility_j)} at the meter, ` +
    `${money(r.idle.energy_micro_usd)}); one out of service draws nothing.`,
    'Utilisation is GPU time held by attempts over GPU time in service; goodput is useful over held. Waits are from ' +
    'submission to the first start, of jobs that started: jobs still waiting at the end are counted, not averaged.',
    'Contracted power is what the leases give a site at that moment; take-or-pay shows as unused.',
    'Cost is what leases owe, and energy where their price does not include it. All sums are exact integers in the result; this page rounds.',
    `Curves have ${count(curves.at_ms.length)} points` + (thinned ? `, evenly chosen from ${count(data.samples)}.` : '.'),
    `${count(r.decisions)} decisions of the engine that also runs the live fleet.`,
  ];
}

function faults() {
  const f = r.faults, list = [];
  for (const c of f.causes) {
    list.push(`Failures: ${c.name}, each ${c.unit === 'Gpu' ? 'GPU' : c.unit.toLowerCase()} once in ${span(c.mean_between_ms)} on the mean, repaired ` +
        `in ${span(c.mean_repair_ms)}.`);
  }
  for (const o of f.outages) {
    list.push(`Outage: ${o.target} from ${instant(o.from_ms)} UTC for ${span(o.lasts_ms)}${o.cause ? ', ' + o.cause : ''}.`);
  }
  if (list.length === 0) list.push('Nothing fails by itself: no faults were given.');
  if (f.lemon_share_ppm) list.push(`${percent(f.lemon_share_ppm / 1e6)} of the nodes fail ${count(f.lemon_factor)} times as often.`);
  if (f.infant_period_ms) {
    list.push(`Nodes energised less than ${span(f.infant_period_ms)} ago fail ${count(f.infant_factor)} times as often.`);
  }
  list.push(`Starting takes ${span(f.start_time_ms)}, restarting ${span(f.restart_time_ms)}, a checkpoint ` +
      `${span(f.checkpoint_time_ms)}; a job with checkpoints that is told to stop ` +
      (f.saves_on_term ? 'saves itself first.' : 'loses what it did since the last one.'));
  return list;
}

// Sites that share one are named together.
function seriesUsed() {
  const sites = new Map();
  for (const s of r.series) {
    const text = ofSeries(s), what = s.what === 'carbon' ? 'Carbon of ' : 'Energy price of ';
    sites.set(what + text, [what, [...(sites.get(what + text) || [what, []])[1], s.site], text]);
  }
  return [...sites.values()].map(([what, names, text]) => `${what}${names.join(', ')}: ${text}`);
}

function ofSeries(s) {
  return `by the hour, from ${s.source}, ${instant(s.from_ms)} to ${instant(s.until_ms)} UTC` +
      (s.repaired_hours ? `; ${count(s.repaired_hours)} missing hours were filled with the hour before` : '') +
      (s.repeated_ms ? `. For ${span(s.repeated_ms)} of the simulation, which lie beyond it, the same hours of its ` +
      'nearest year were used again (a year is 8,760 h).' : '.');
}

function constants() {
  const fixed = (what) => r.sites.filter((s) => !r.series.some((x) => x.site === s.name && x.what === what)).length;
  return `One figure all the time: the energy price of ${count(fixed('energy_price'))} and the carbon of ` +
      `${count(fixed('carbon'))} of ${count(r.sites.length)} sites.`;
}

headline();
capacity();
queue();
gantt();
gpuHours();
moneyPart();
waits();
teams();
fragmentation();
workload();
head();
document.getElementById('end').append(`Ampacity. Digest of the engine\u2019s state at the end: ${r.digest}`);
document.documentElement.dataset.drawn = 'yes';
}());
