#!/usr/bin/env node
// The Solidity compiler of package.json, spoken to as if it were the native one.
//
// npm publishes solc as WebAssembly with a command line of its own. Forge expects the native compiler's: a version
// that names a native build, and JSON on standard input. Forge also asks for the version on every call; loading the
// 9 MB of WebAssembly for that costs a second, so the answer is remembered beside the package.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const HOME = path.join(__dirname, "..", "node_modules");
const PACKAGE = path.join(HOME, "solc");

function loadCompiler() {
  try {
    return require(PACKAGE);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    process.stderr.write("solc: not installed; run 'make setup'\n");
    process.exit(127);
  }
}

function nativeVersion() {
  const packageVersion = JSON.parse(fs.readFileSync(path.join(PACKAGE, "package.json"), "utf8")).version;
  const memo = path.join(PACKAGE, `.native-version-${packageVersion}`);
  if (fs.existsSync(memo)) return fs.readFileSync(memo, "utf8");
  const version = loadCompiler().version().replace("Emscripten.clang", "Linux.g++");
  const scratch = `${memo}.${process.pid}`;
  try {
    fs.writeFileSync(scratch, version);
    fs.renameSync(scratch, memo);
  } catch (error) {
    // A read-only node_modules costs a second per call, no more.
    if (!["EACCES", "EROFS", "EPERM"].includes(error.code)) throw error;
  }
  return version;
}

// Forge sends every source inline; a tool that does not gets files below its folder or from node_modules.
function readImport(name) {
  for (const base of [process.cwd(), HOME]) {
    const file = path.resolve(base, name);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `source ${name} not found` };
}

// WebAssembly prints the ids of built-in declarations, which are negative, as unsigned 32-bit numbers. Only the two
// places that name declarations are repaired: the same digits elsewhere may be a literal of the program.
function signBuiltinIds(output) {
  const signed = (id) => (Number(id) >= 2 ** 31 ? String(Number(id) - 2 ** 32) : id);
  return output.replace(/"(?:referencedDeclaration":\d|overloadedDeclarations":\[)[\d,]*/g, (place) => place.replace(/\d+/g, signed));
}

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${nativeVersion()}\n`);
} else {
  const compiled = loadCompiler().compile(fs.readFileSync(0, "utf8"), { import: readImport });
  process.stdout.write(signBuiltinIds(compiled));
}
