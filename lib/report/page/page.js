"use strict";
/* Everything that comes from a run's folder reaches the page as text nodes, attributes
 * or data URIs of pictures, never as markup. */
(function () {
const data = JSON.parse(document.getElementById("tvae-data").textContent);
const runs = data.runs;
const colours = ["#3b8fd1", "#f0821e", "#3aa655", "#e0484b", "#9a72c7", "#a0705f",
    "#e07bc0", "#8a8d93", "#b3b42f", "#27b5c7"];
const svgSpace = "http://www.w3.org/2000/svg";

function make(name, properties, ...children) {
    const element = document.createElement(name);
    Object.assign(element, properties);
    element.append(...children);
    return element;
}

function makeSvg(name, attributes, text) {
    const element = document.createElementNS(svgSpace, name);
    for (const [key, value] of Object.entries(attributes))
        element.setAttribute(key, value);
    if (text !== undefined)
        element.textContent = text;
    return element;
}

function colourOf(index) { return colours[index % colours.length]; }

/* A text that may be broken after "_", "-", "," and ".", so that tables stay narrow. */
function breakable(text) {
    const parts = text.match(/[^_,.-]+[_,.-]*|[_,.-]+/g) || [];
    return parts.flatMap((part) => [part, make("wbr")]);
}

function nameOf(index) {
    const swatch = make("span", {className: "swatch"});
    swatch.style.background = colourOf(index);
    return make("span", {className: "run-name"}, swatch, ...breakable(runs[index].name));
}

function isNumber(value) { return typeof value === "number" && Number.isFinite(value); }

function format(value, decimals) {
    if (!isNumber(value))
        return "–";
    return decimals === undefined ? Number(value.toPrecision(5)).toString()
                                  : value.toFixed(decimals);
}

function section(title, ...children) {
    document.getElementById("content").append(make("section", {}, make("h2", {}, title), ...children));
}

/* ---- what was run ---- */

function configurationRow(key) {
    const values = runs.map((run) => String(run.config[key] ?? ""));
    const differs = values.some((value) => value !== values[0]);
    const row = make("tr", {title: data.keys[key] || ""},
        make("td", {}, key), ...values.map((value) => make("td", {}, ...breakable(value))),
        make("td", {className: "meaning"}, data.keys[key] || ""));
    return {row, differs};
}

function configurationTable(rows) {
    return make("div", {className: "scroll"}, make("table", {className: "text"},
        make("thead", {}, make("tr", {}, make("th", {}, "key"),
            ...runs.map((run, i) => make("th", {}, nameOf(i))), make("th", {className: "meaning"}, "meaning"))),
        make("tbody", {}, ...rows)));
}

function showConfigurations() {
    const rows = Object.keys(data.keys).map(configurationRow);
    const differing = rows.filter((row) => row.differs).map((row) => row.row);
    const equal = rows.filter((row) => !row.differs).map((row) => row.row);
    const list = make("div", {}, ...runs.map((run, i) => make("p", {}, nameOf(i), ": ",
        run.experiment || "an experiment without a name",
        isNumber(run.summary.steps) ? ", " + run.summary.steps + " steps" : "",
        ", folder " + run.folder)));
    const notes = runs.filter((run) => run.note).map((run) =>
        make("p", {className: "note"}, run.name + ": " + run.note));
    const parts = [list, ...notes];
    if (differing.length)
        parts.push(make("h3", {}, "Where the configurations differ"), configurationTable(differing));
    parts.push(make("details", {}, make("summary", {}, differing.length
        ? "What they have in common" : "The whole configuration"), configurationTable(equal)));
    section("What was run", ...parts);
}

/* ---- results ---- */

const resultRows = [
    ["log_likelihood", "log-likelihood (nats)", 2, "Importance-sampled log p(x) of a frame, normalised by the number of samples. Higher is better."],
    ["log_likelihood_reference", "… reference convention", 2, "The same in the convention of the authors' code: log n higher."],
    ["loss", "loss (−ELBO)", 2, "Sum of the next three. Lower is better."],
    ["neg_log_px", "−log p(x|t)", 2, "What the decoder gets wrong, in nats a frame."],
    ["kl.z", "KL of z", 2, "Information in z, in nats a frame."],
    ["kl.u", "KL of u", 2, "Information in u, in nats a frame; 0 for a plain VAE."],
    ["equivariance_error", "equivariance error", 1, "How far capsules are from rolling by one place a frame. Lower is better, but an invariant model has a low one too: read it with CapCorr."],
    ["topographic_smoothness", "topographic smoothness", 3, "Correlation of |t| between neighbours on the grid, minus that of other pairs. About 0 without topography."],
    ["active_latents.z", "active latents of z", 0, "Latents whose posterior mean varies over the data."],
    ["active_latents.u", "active latents of u", 0, "Latents whose KL is over 0.01 nats: u works through its square, so its mean need not vary."],
    ["class_selectivity.selective_units", "class-selective places", 0, "Latents that tell one class apart with a d′ of at least 0.85; for labelled data."],
    ["class_selectivity.mean_d_prime", "mean best d′", 2, "Mean over latents of the d′ of their best class."],
];
const resultGroups = [
    ["capcorr", "CapCorr", "Correlation of the roll that capsules show with the true change of the factor: 1 is a perfect roll. The reference's choice among canonical frames."],
    ["capcorr_first", "CapCorr, first frame", "The same at the first canonical frame: not flattered by factors that cycle."],
];
const capsuleTitle = "CapCorr of single capsules";
const capsuleMeaning = "Median over the capsules, and their range: the spread shows whether capsules really roll together.";
const resultFacts = [
    ["steps", "training steps", 0, "Optimisation steps behind the evaluated model."],
    ["seconds", "training seconds", 1, "Wall clock of these steps."],
    ["n_sequences", "sequences evaluated", 0, "Held-out sequences behind these numbers."],
    ["n_samples", "samples a frame", 0, "Importance samples of the log-likelihood."],
];

function find(summary, path) {
    let value = summary;
    for (const step of path)
        value = value !== null && typeof value === "object" && Object.hasOwn(value, step)
            ? value[step] : undefined;
    return value;
}

function resultRow(path, title, decimals, meaning) {
    const values = runs.map((run) => find(run.summary, path));
    if (!values.some(isNumber))
        return [];
    return [make("tr", {title: meaning}, make("td", {}, title),
        ...values.map((value) => make("td", {}, format(value, decimals))))];
}

function factorsOf(group) {
    const names = new Set();
    for (const run of runs) {
        const values = find(run.summary, [group]);
        if (values !== null && typeof values === "object")
            Object.keys(values).forEach((name) => names.add(name));
    }
    return [...names];
}

/* Median and range over the capsules: do they really roll together? */
function capsuleRow(factor) {
    const values = runs.map((run) => {
        const column = find(run.summary, ["capcorr_per_capsule", factor]);
        return Array.isArray(column) ? column.filter(isNumber).sort((a, b) => a - b) : [];
    });
    if (!values.some((column) => column.length))
        return [];
    return [make("tr", {title: capsuleMeaning}, make("td", {}, capsuleTitle + " " + factor),
        ...values.map((column) => make("td", {}, !column.length ? "–"
            : format(column[column.length >> 1], 2) + " (" + format(column[0], 2) + " to " + format(column[column.length - 1], 2) + ")")))];
}

function showResults() {
    const rows = [];
    for (const [path, title, decimals, meaning] of resultRows)
        rows.push(...resultRow(path.split("."), title, decimals, meaning));
    for (const [group, title, meaning] of resultGroups)
        for (const factor of factorsOf(group))
            rows.push(...resultRow([group, factor], title + " " + factor, 3, meaning));
    for (const factor of factorsOf("capcorr_per_capsule"))
        rows.push(...capsuleRow(factor));
    for (const [path, title, decimals, meaning] of resultFacts)
        rows.push(...resultRow([path], title, decimals, meaning));
    if (!rows.length) {
        section("Results", make("p", {}, "None of these runs was evaluated: 'tvae eval RUN' does that."));
        return;
    }
    const meanings = make("details", {}, make("summary", {}, "How to read these numbers"),
        ...resultRows.concat(resultGroups.map(([, title, meaning]) => ["", title, 0, meaning]),
            [["", capsuleTitle, 0, capsuleMeaning]], resultFacts)
            .map(([, title, , meaning]) => make("p", {}, title + ": " + meaning)));
    section("Results", make("div", {className: "scroll"}, make("table", {},
        make("thead", {}, make("tr", {}, make("th", {}), ...runs.map((run, i) => make("th", {}, nameOf(i))))),
        make("tbody", {}, ...rows))), meanings);
}

/* ---- charts ---- */

const width = 460, height = 250, left = 58, right = 22, top = 26, below = 36;

function tickStep(span) {
    const raw = span / 5, power = 10 ** Math.floor(Math.log10(raw)), lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

function axisAround(values) {
    let low = Infinity, high = -Infinity;
    for (const value of values)
        if (isNumber(value)) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
    if (!(low <= high)) {
        low = 0;
        high = 1;
    }
    if (!(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) {
        const room = Math.max(0.05 * Math.abs(high), 1e-6);
        low -= room;
        high += room;
    }
    const step = tickStep(high - low);
    return {low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step, step};
}

function ticksOf(axis) {
    const ticks = [];
    for (let i = 0; axis.low + i * axis.step <= axis.high + axis.step * 1e-6 && i < 50; i++)
        ticks.push(axis.low + i * axis.step);
    return ticks;
}

/* Axes and numbers; gives back the functions from values to places. */
function drawAxes(svg, title, label, across, up) {
    const x = (v) => left + (v - across.low) / (across.high - across.low) * (width - left - right);
    const y = (v) => height - below - (v - up.low) / (up.high - up.low) * (height - top - below);
    svg.append(makeSvg("text", {x: left, y: 14, class: "title"}, title));
    for (const tick of ticksOf(across)) {
        svg.append(makeSvg("line", {x1: x(tick), x2: x(tick), y1: top, y2: height - below, class: "rule"}),
            makeSvg("text", {x: x(tick), y: height - below + 15, "text-anchor": "middle"}, format(tick)));
    }
    for (const tick of ticksOf(up)) {
        svg.append(makeSvg("line", {x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "rule"}),
            makeSvg("text", {x: left - 6, y: y(tick) + 4, "text-anchor": "end"}, format(tick)));
    }
    svg.append(makeSvg("text", {x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle"}, label));
    return {x, y};
}

function drawLine(svg, scale, steps, values, colour, dashes) {
    let path = "", pen = "M";
    values.forEach((value, i) => {
        if (isNumber(value) && isNumber(steps[i])) {
            path += pen + scale.x(steps[i]).toFixed(1) + " " + scale.y(value).toFixed(1);
            pen = "L";
        } else
            pen = "M";
    });
    if (path)
        svg.append(makeSvg("path", {d: path, fill: "none", stroke: colour, "stroke-width": 2,
            "stroke-dasharray": dashes}));
}

function nearest(steps, wanted) {
    let best = 0;
    steps.forEach((step, i) => {
        if (Math.abs(step - wanted) < Math.abs(steps[best] - wanted))
            best = i;
    });
    return best;
}

/* Under the pointer: a guide, and the values of each run at the nearest step. */
function followPointer(svg, scale, across, series, values, unit) {
    const guide = makeSvg("line", {y1: top, y2: height - below, class: "guide", visibility: "hidden"});
    svg.append(guide);
    function show(event) {
        const box = svg.getBoundingClientRect();
        const place = (event.clientX - box.left) / box.width * width;
        const share = Math.min(Math.max((place - left) / (width - left - right), 0), 1);
        const wanted = across.low + share * (across.high - across.low);
        values.replaceChildren(...series.map(({index, kind, steps, column}) => {
            const at = nearest(steps, wanted);
            const swatch = make("span", {className: "swatch"});
            swatch.style.background = colourOf(index);
            return make("span", {}, swatch, kind + unit + steps[at] + ": " + format(column[at]));
        }));
        guide.setAttribute("x1", scale.x(wanted));
        guide.setAttribute("x2", scale.x(wanted));
        guide.setAttribute("visibility", "visible");
    }
    svg.addEventListener("pointermove", show);
    svg.addEventListener("pointerdown", show);
}

/* Lines of several runs with values under the pointer; `unit` names a place across. */
function lineChart(title, label, unit, series) {
    const known = series.filter(({column}) => column.some(isNumber));
    if (!known.length)
        return [];
    const across = axisAround(known.flatMap(({steps}) => steps));
    const up = axisAround(known.flatMap(({column}) => column));
    const svg = makeSvg("svg", {viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": title});
    const scale = drawAxes(svg, title, label, across, up);
    for (const {index, dashes, steps, column} of known)
        drawLine(svg, scale, steps, column, colourOf(index), dashes);
    const values = make("div", {className: "values"}, "Point at the chart to read values.");
    followPointer(svg, scale, across, known, values, unit);
    return [make("div", {className: "chart"}, svg, values)];
}

function curveChart(key, title) {
    return lineChart(title, "step", "step ", runs.flatMap((run, index) =>
        [[run.log, "", "none"], [run.validation, "validation ", "5 4"]].map(([log, kind, dashes]) =>
            ({index, kind, dashes, steps: log.step || [], column: log[key] || []}))));
}

/* Mean squared errors of frames to come, by how far ahead they are. */
function errorSeries(index, key, kind, dashes) {
    const errors = find(runs[index].summary, ["prediction", key]);
    const ahead = errors !== null && typeof errors === "object"
        ? Object.keys(errors).map(Number).filter(Number.isFinite).sort((a, b) => a - b) : [];
    return {index, kind, dashes, steps: ahead, column: ahead.map((steps) => errors[steps])};
}

/* A row for each number of frames ahead: what rolling gives, and copying in brackets. */
function predictionTable() {
    const ahead = [...new Set(runs.flatMap((run, index) => errorSeries(index, "error").steps))].sort((a, b) => a - b);
    const cell = (run, steps) => {
        const rolled = find(run.summary, ["prediction", "error", steps]), copied = find(run.summary, ["prediction", "copy_error", steps]);
        return make("td", {}, isNumber(rolled) ? format(rolled, 4) + " (" + format(copied, 4) + ")" : "–");
    };
    return make("div", {className: "scroll"}, make("table", {},
        make("thead", {}, make("tr", {}, make("th", {}, "ahead"), ...runs.map((run, i) => make("th", {}, nameOf(i))))),
        make("tbody", {}, ...ahead.map((steps) => make("tr", {}, make("td", {}, "+" + steps), ...runs.map((run) => cell(run, steps)))))));
}

function showPredictions() {
    const charts = lineChart("mean squared error of a value", "frames ahead", "+", runs.flatMap((run, index) =>
        [errorSeries(index, "error", "rolled ", "none"), errorSeries(index, "copy_error", "copied ", "5 4")]));
    if (charts.length)
        section("Prediction by rolling", make("p", {}, "The first half of a sequence is encoded; the capsules of the last frame seen are rolled by 1, 2, … places and decoded. Lower is better; dashed, and in brackets: copying the last frame seen. A model that has learnt the transformation stays below its dashed line. ",
            ...runs.flatMap((run, i) => [nameOf(i), " "])), make("div", {className: "grid"}, ...charts, predictionTable()));
}

function showCurves() {
    const charts = [["loss", "loss, −ELBO (nats a frame)"], ["neg_log_px", "−log p(x|t) (nats a frame)"],
        ["kl_z", "KL of z (nats a frame)"], ["kl_u", "KL of u (nats a frame)"],
        ["equivariance_error", "equivariance error"], ["step_seconds", "seconds a step"]]
        .flatMap(([key, title]) => curveChart(key, title));
    if (charts.length)
        section("Learning curves", make("p", {}, "Means over the steps between two lines of each run's log.jsonl; dashed: validation, where a run has it. ",
            ...runs.flatMap((run, i) => [nameOf(i), " "])), make("div", {className: "grid"}, ...charts));
}

/* ---- likelihood against L ---- */

/* Runs that learnt the same data, by coherence length; a plain VAE has none. */
function likelihoodChart(members) {
    const points = members.map((index) => ({index,
        length: runs[index].config.prior === "none" ? 0 : Number(runs[index].config.window),
        value: runs[index].summary.log_likelihood}));
    const across = axisAround(points.map((point) => point.length));
    const up = axisAround(points.map((point) => point.value));
    const svg = makeSvg("svg", {viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": "log-likelihood against L"});
    const scale = drawAxes(svg, "log-likelihood (nats a frame)", "window of the neighbourhood (frames); plain VAE at 0", across, up);
    const legend = make("div", {className: "values"});
    for (const {index, length, value} of points) {
        svg.append(makeSvg("circle", {cx: scale.x(length), cy: scale.y(value), r: 5, fill: colourOf(index)}));
        legend.append(make("span", {}, nameOf(index), " " + format(value, 2)));
    }
    return make("div", {className: "chart"}, svg, legend);
}

function showLikelihoods() {
    const groups = new Map();
    runs.forEach((run, index) => {
        const key = ["dataset", "transform", "image_size", "likelihood", "n_frames"].map((name) => run.config[name]).join(" ");
        if (isNumber(run.summary.log_likelihood) && (run.config.prior === "none" || Number.isFinite(Number(run.config.window))))
            groups.set(key, (groups.get(key) || []).concat(index));
    });
    const charts = [...groups.values()].filter((members) => members.length > 1).map(likelihoodChart);
    if (charts.length)
        section("Likelihood against temporal coherence", make("p", {}, "Normalised log-likelihood of runs on the same data against L, the frames that a neighbourhood spans (paper, Tables 1 and 2). Higher is better."),
            make("div", {className: "grid"}, ...charts));
}

/* ---- pictures ---- */

const captions = [
    ["reconstructions", "Reconstructions", "Top: first frames of test sequences. Middle: what the decoder makes of their latents. Bottom: the difference. A dark bottom row is a good model."],
    [/^traversal_(?!train_)/, "Capsule traversal, test sequence", "Top: the true sequence. Middle: its reconstruction. Bottom: only the first frame is encoded; its capsules are rolled by one place a column and decoded. Where the bottom row follows the top one, the roll is the transformation (paper, Figure 4)."],
    [/^traversal_train_/, "Capsule traversal, training sequence", "As above, but of a sequence that was trained on: if this one is good and the test one is not, the model has memorised."],
    ["samples", "Samples from the prior", "Latents drawn from the prior and decoded; a row is one sequence. Neighbouring columns should look like steps of a transformation."],
    ["filters_encoder", "Filters of the encoder", "Weights from pixels to units of the first layer of the encoder of z: grey is zero, light and dark are the extremes of each filter. Noise means a unit that has learnt nothing yet."],
    ["filters_decoder", "Filters of the decoder", "Weights of the last layer of the decoder: what each unit of its last hidden layer adds to the picture."],
    [/^neighbourhood/, "Neighbourhood", "Which squared u the energy of one t sums: rows are frames before and after it, columns are places along its capsule. A diagonal band says that a neighbour one frame later sits one place further: that is what makes capsules roll."],
    ["covariance", "Correlation of t", "Correlation coefficients of the latents over test frames, latents in the order of the capsules. Off-diagonal structure is topographic organisation that the values themselves show."],
    ["covariance_squares", "Correlation of t²", "The same of the squares: latents of one neighbourhood share their energy, so that bands along the diagonal and blocks of capsules are expected (paper, section 3)."],
    ["class_selectivity", "Class selectivity of the torus", "Each place of the 2-D torus takes the colour of the class that it tells apart best (d′ of at least 0.85; black: none). Large connected regions of one colour are a topographic map (paper, Figure 3)."],
    ["max_activation", "Images of largest activation", "At each place of the torus, the test image for which |t| is largest. Neighbours should look alike (paper, Figure 3)."],
];

function matches(pattern, name) {
    return typeof pattern === "string" ? pattern === name : pattern.test(name);
}

function pictureOf(index, picture, caption) {
    const image = make("img", {src: picture.src, alt: caption + " of " + runs[index].name, loading: "lazy"});
    const wide = picture.name.startsWith("traversal_") ? "scroll wide" : "scroll";
    return make("figure", {}, nameOf(index), " ", make("span", {className: "meaning"}, picture.name),
        make("div", {className: wide}, image));
}

/* Drawn by the page itself. */
const charted = ["curves", "likelihood"];

function showPictures() {
    const parts = [], seen = new Set();
    for (const [pattern, title, text] of captions.concat([[/./, "Other pictures", "Found in the run's folder."]])) {
        const figures = runs.flatMap((run, index) => run.figures
            .filter(({name}) => matches(pattern, name) && !seen.has(index + " " + name) && !charted.includes(name))
            .map((picture) => {
                seen.add(index + " " + picture.name);
                return pictureOf(index, picture, title);
            }));
        if (figures.length)
            parts.push(make("h3", {}, title), make("p", {}, text), make("div", {className: "grid pictures"}, ...figures));
    }
    if (parts.length)
        section("Pictures", ...parts);
}

/* ---- capsule explorer ---- */

function view(title, size) {
    const canvas = make("canvas", {width: size.width, height: size.height});
    const label = make("div", {}, title);
    return {canvas, label, box: make("div", {}, canvas, label)};
}

function drawFrame(target, image, row, column, size) {
    const context = target.canvas.getContext("2d");
    context.clearRect(0, 0, size.width, size.height);
    if (column >= 0)
        context.drawImage(image, column * size.width, row * size.height, size.width, size.height,
            0, 0, size.width, size.height);
}

function explorerOf(run, index) {
    const size = run.frame;
    const truth = view("true frame", size), rolled = view("decoded", size), seen = view("reconstruction", size);
    const sequence = make("select", {ariaLabel: "sequence"}, ...run.explorers.map((entry, i) =>
        make("option", {value: i}, "test sequence " + entry.item + (entry.factor ? ", " + entry.factor + " varies" : ""))));
    const capsule = make("select", {ariaLabel: "capsule"});
    const slider = make("input", {type: "range", min: 0, max: run.places - 1, value: 0, step: 1, ariaLabel: "roll"});
    const play = make("button", {type: "button"}, "Play");
    const output = make("output", {});
    const images = run.explorers.map((entry) => {
        const image = make("img", {src: entry.sheet});
        image.addEventListener("load", show);
        return image;
    });
    function show() {
        const entry = run.explorers[sequence.value], image = images[sequence.value];
        const shift = Number(slider.value), frame = shift % entry.frames;
        output.textContent = "rolled by " + shift;
        truth.label.textContent = "true frame " + frame;
        rolled.label.textContent = "frame 0, " + (Number(capsule.value) < 0 ? "all capsules" : "capsule " + capsule.value) + " rolled by " + shift;
        seen.label.textContent = "reconstruction of frame " + frame;
        if (!image.complete || !image.naturalWidth)
            return;
        drawFrame(truth, image, 0, frame, size);
        drawFrame(seen, image, 1, frame, size);
        drawFrame(rolled, image, 3 + Number(capsule.value), shift, size);
    }
    function choose() {
        const entry = run.explorers[sequence.value];
        capsule.replaceChildren(make("option", {value: -1}, "all capsules"));
        for (let i = 0; i < entry.capsules; i++)
            capsule.append(make("option", {value: i}, "capsule " + i));
        show();
    }
    let timer = 0;
    play.addEventListener("click", () => {
        play.textContent = timer ? "Play" : "Stop";
        if (timer)
            clearInterval(timer);
        timer = timer ? 0 : setInterval(() => {
            slider.value = (Number(slider.value) + 1) % run.places;
            show();
        }, 250);
    });
    sequence.addEventListener("change", choose);
    capsule.addEventListener("change", show);
    slider.addEventListener("input", show);
    choose();
    return make("div", {className: "explorer"}, nameOf(index),
        make("div", {className: "views"}, truth.box, rolled.box, seen.box),
        make("div", {className: "controls"}, slider, output, play),
        make("div", {className: "controls"}, sequence, capsule));
}

function showExplorers() {
    const explorers = runs.flatMap((run, index) => run.explorers.length ? [explorerOf(run, index)] : []);
    if (explorers.length)
        section("Capsule explorer", make("p", {}, "Only frame 0 of the sequence is encoded. The slider rolls its capsules (all of them, or one) and shows what the decoder makes of that, beside the true frame so many steps later. In an equivariant model the two move together; in a plain VAE rolling all capsules leads anywhere."),
            make("div", {className: "grid"}, ...explorers));
}

document.title = "tvae report: " + runs.map((run) => run.name).join(", ");
showConfigurations();
showResults();
showExplorers();
showCurves();
showLikelihoods();
showPredictions();
showPictures();
})();
