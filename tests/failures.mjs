// Says which tests failed and why, in a few lines each: `node tests/failures.mjs FOLDER` reads the reports of a test run.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const mostLines = 12;
const entities = { lt: "<", gt: ">", quot: "\"", apos: "'", amp: "&" };

function plain(xml) {
  return xml.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : entities[name] ?? whole);
}

function say(test, message) {
  console.log(`${test}\n${message.trim().split("\n").slice(0, mostLines).map((line) => `    ${line.trimEnd()}`).join("\n")}`);
}

function ofTrx(report) {
  for (const [result] of report.matchAll(/<UnitTestResult (?:(?!\/>)[^>])*outcome="Failed"[\s\S]*?<\/UnitTestResult>/g)) {
    const name = /testName="([^"]*)"/.exec(result)[1];
    const message = /<Message>([\s\S]*?)<\/Message>/.exec(result);
    const place = /^.* in .*:line \d+/m.exec(/<StackTrace>([\s\S]*?)<\/StackTrace>/.exec(result)?.[1] ?? "");
    say(plain(name), plain(`${message?.[1] ?? "said nothing"}`));
    if (place) console.log(`   ${plain(place[0])}`);
  }
}

function ofVitest(report) {
  for (const file of JSON.parse(report).testResults) {
    if (file.status === "failed" && file.assertionResults.length === 0) say(file.name, file.message);
    for (const test of file.assertionResults) {
      if (test.status === "failed") say(test.fullName, test.failureMessages.join("\n"));
    }
  }
}

const folder = process.argv[2];
for (const name of readdirSync(folder).sort()) {
  const read = name.endsWith(".trx") ? ofTrx : /^web-.*\.json$/.test(name) ? ofVitest : undefined;
  if (read) read(readFileSync(join(folder, name), "utf8"));
}
