// @ts-check
/**
 * The picture of a ticket's link, drawn without network: QR versions 3 to 6, level M, alphanumeric
 * (ISO/IEC 18004). Longer or other texts have no picture.
 */

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/** Version → [blocks, data bytes of each, check bytes of each]; these four have equal blocks. */
const SHAPES = new Map([[3, [1, 44, 26]], [4, [2, 32, 18]], [5, [2, 43, 24]], [6, [4, 27, 16]]]);
const QUIET = 4;
/** Level M with mask 0, as the standard's table of format bits has it. */
const FORMAT = 0b101010000010010;

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let at = 0, value = 1; at < 255; at += 1) {
  EXP[at] = EXP[at + 255] = value;
  LOG[value] = at;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
/** @param {number} a @param {number} b */
const times = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);

/** @param {number[]} data @param {number} many */
function checks(data, many) {
  let divisor = [1];
  for (let at = 0; at < many; at += 1) {
    const next = [...divisor, 0];
    divisor.forEach((factor, place) => { next[place + 1] ^= times(factor, EXP[at]); });
    divisor = next;
  }
  const rest = [...data, ...Array(many).fill(0)];
  for (let at = 0; at < data.length; at += 1) {
    const factor = rest[at];
    divisor.forEach((each, place) => { rest[at + place] ^= times(each, factor); });
  }
  return rest.slice(data.length);
}

/** @param {string} text @param {number} room */
function packed(text, room) {
  let bits = `0010${text.length.toString(2).padStart(9, "0")}`;
  for (let at = 0; at < text.length; at += 2) {
    const pair = text.slice(at, at + 2);
    const value = pair.length === 2 ? SIGNS.indexOf(pair[0]) * 45 + SIGNS.indexOf(pair[1]) : SIGNS.indexOf(pair);
    bits += value.toString(2).padStart(pair.length === 2 ? 11 : 6, "0");
  }
  bits += "0".repeat(Math.min(4, room * 8 - bits.length));
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const found = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  for (let pad = 0xec; found.length < room; pad ^= 0xec ^ 0x11) found.push(pad);
  return found;
}

/** @param {string} text @returns {boolean[][] | null} dark squares, row by row */
export function squares(text) {
  if ([...text].some((sign) => !SIGNS.includes(sign))) return null;
  for (const [version, [blocks, size, many]] of SHAPES) {
    const room = blocks * size;
    if (13 + Math.ceil(text.length * 5.5) > room * 8) continue;
    const data = packed(text, room);
    const parts = Array.from({ length: blocks }, (_, at) => data.slice(at * size, (at + 1) * size));
    const ends = parts.map((part) => checks(part, many));
    const woven = [];
    for (let at = 0; at < size; at += 1) for (const part of parts) woven.push(part[at]);
    for (let at = 0; at < many; at += 1) for (const end of ends) woven.push(end[at]);
    return placed(woven, version * 4 + 17);
  }
  return null;
}

/** @param {number[]} woven @param {number} side */
function placed(woven, side) {
  /** @type {(boolean | undefined)[][]} */
  const rows = Array.from({ length: side }, () => Array(side).fill(undefined));
  /** @param {number} y @param {number} x @param {number} reach @param {(far: number) => boolean} dark */
  const box = (y, x, reach, dark) => {
    for (let dy = -reach; dy <= reach; dy += 1) for (let dx = -reach; dx <= reach; dx += 1) {
      if (rows[y + dy] && y + dy >= 0 && x + dx >= 0 && x + dx < side) rows[y + dy][x + dx] = dark(Math.max(Math.abs(dy), Math.abs(dx)));
    }
  };
  for (const [y, x] of [[3, 3], [3, side - 4], [side - 4, 3]]) box(y, x, 4, (far) => far !== 2 && far !== 4);
  box(side - 7, side - 7, 2, (far) => far !== 1);
  for (let at = 8; at < side - 8; at += 1) rows[6][at] = rows[at][6] = at % 2 === 0;
  for (let at = 0; at < 15; at += 1) {
    const dark = Boolean(FORMAT >> at & 1);
    const near = at < 6 ? at : at < 8 ? at + 1 : 0;
    if (at < 8) { rows[near][8] = dark; rows[8][side - 1 - at] = dark; }
    else { rows[8][at === 8 ? 7 : 14 - at] = dark; rows[side - 15 + at][8] = dark; }
  }
  rows[side - 8][8] = true;
  let bit = 0;
  for (let right = side - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < side; step += 1) for (const x of [right, right - 1]) {
      const y = up ? side - 1 - step : step;
      if (rows[y][x] !== undefined) continue;
      const dark = Boolean(woven[bit >> 3] >> (7 - (bit & 7)) & 1);
      rows[y][x] = dark !== ((y + x) % 2 === 0);
      bit += 1;
    }
  }
  return /** @type {boolean[][]} */ (rows);
}

/** Draw `text` into an empty `svg`; false where it has no picture. @param {SVGElement} svg @param {string} text */
export function draw(svg, text) {
  const rows = squares(text);
  if (!rows) return false;
  const side = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join("");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  for (const [fill, d] of [["#fff", `M0 0h${side}v${side}H0z`], ["#000", path]]) {
    const part = document.createElementNS("http://www.w3.org/2000/svg", "path");
    part.setAttribute("fill", fill);
    part.setAttribute("d", d);
    svg.append(part);
  }
  return true;
}
