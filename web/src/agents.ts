/** Hides what a browser's own name means to people: "Firefox on Linux". Pure. */

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg(?:e|A|iOS)?\//, 'Edge'],
  [/OPR\/|Opera/, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Chrome\/|CriOS\/|Chromium\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/^curl\//, 'curl'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'Mac'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

const first = (names: readonly (readonly [RegExp, string])[], agent: string): string | undefined => names.find(([sign]) => sign.test(agent))?.[1];

/** Browser and system, where they can be told. */
export function readAgent(agent: string): { browser?: string; system?: string } {
  const browser = first(BROWSERS, agent);
  const system = first(SYSTEMS, agent);
  return { ...(browser && { browser }), ...(system && { system }) };
}
