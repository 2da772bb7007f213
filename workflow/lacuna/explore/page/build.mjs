// Bundles the page: `make page`. What it writes is committed, since users have no node.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { join, relative, sep } from "node:path";

import { build } from "esbuild";

const HERE = import.meta.dirname;
const OUT = join(HERE, "bundle");

/** The files that the bundle is made of, by name; see lacuna.explore.page_bundle. */
function sources() {
  const found = readdirSync(join(HERE, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(HERE, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return [...found, "build.mjs", "package.json", "package-lock.json"].sort();
}

function digest() {
  const hash = createHash("sha256");
  for (const name of sources()) {
    hash.update(`${name}\0`);
    hash.update(readFileSync(join(HERE, name)));
    hash.update("\0");
  }
  return hash.digest("hex");
}

/** The licences of the packages whose files are in a bundle. */
function licences(inputs) {
  const names = Object.keys(inputs)
    .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean);
  return [...new Set(names)].sort().map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "";
    return `${name} ${version}, ${license}\n\n${text.replaceAll("\r", "").trim()}\n`;
  });
}

const common = { bundle: true, minify: true, write: false, metafile: true, logLevel: "info" };
const script = await build({
  ...common,
  entryPoints: [join(HERE, "src/main.jsx")],
  absWorkingDir: HERE,
  format: "iife",
  target: ["chrome111", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
});
const style = await build({ ...common, entryPoints: [join(HERE, "src/page.css")], absWorkingDir: HERE });

mkdirSync(OUT, { recursive: true });
const head = `/* The page of Lacuna, bundled by \`make page\`. sources: ${digest()} */\n`;
writeFileSync(join(OUT, "page.js"), head + script.outputFiles[0].text);
writeFileSync(join(OUT, "page.css"), head + style.outputFiles[0].text);
writeFileSync(join(OUT, "licences.txt"), licences(script.metafile.inputs).join(`\n${"-".repeat(72)}\n\n`));
