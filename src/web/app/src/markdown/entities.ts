const named: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', reg: '®', trade: '™', hellip: '…',
  mdash: '—', ndash: '–', laquo: '«', raquo: '»', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bull: '•',
  middot: '·', times: '×', divide: '÷', deg: '°', plusmn: '±', euro: '€', pound: '£', sect: '§', para: '¶', larr: '←',
  uarr: '↑', rarr: '→', darr: '↓', le: '≤', ge: '≥', ne: '≠',
};

/** Puts characters where Markdown names them. The names that answers use; others stay as they are. */
export function decodeEntities(text: string): string {
  return text.includes('&') ? text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g, decode) : text;
}

function decode(whole: string, decimal?: string, hexadecimal?: string, name?: string): string {
  if (name !== undefined) {
    return Object.hasOwn(named, name) ? named[name]! : whole;
  }
  const code = decimal === undefined ? parseInt(hexadecimal!, 16) : Number(decimal);
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
}
