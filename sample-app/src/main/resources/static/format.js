const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Returns the number with about three digits, and its unit. */
function scaled(value, step, units) {
  let unit = 0;
  while (value >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return [value.toFixed(digits), units[unit]];
}

export function bytes(value) {
  return scaled(value, 1024, UNITS).join(" ");
}

/** Returns [number, unit] of a rate in bytes. */
export function byteRate(value) {
  const [number, unit] = scaled(Math.round(value), 1024, UNITS);
  return [number, `${unit}/s`];
}

export function count(value) {
  if (value < 10 && !Number.isInteger(value)) {
    return value.toFixed(1);
  }
  return Math.round(value).toLocaleString("en");
}

export function micros(value) {
  if (value >= 1e6) {
    return `${(value / 1e6).toFixed(1)} s`;
  }
  const [number, unit] = value >= 1000 ? [value / 1000, "ms"] : [value, "µs"];
  return `${number.toFixed(number >= 100 || number < 0.05 ? 0 : 1)} ${unit}`;
}

/** READ, WRITE_ZEROES: as the names of classes, and for people. */
export function operationClass(operation) {
  return operation.toLowerCase().replace("_", "-");
}

export function operationName(operation) {
  return operation.toLowerCase().replace("_", " ");
}
