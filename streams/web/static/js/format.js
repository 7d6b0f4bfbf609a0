// Numbers in 万 and 亿, times in the configured zone.

import { boot, t } from "./text.js";

const locale = t("zh-CN", "en-GB");

function trimmed(value, decimals) {
  return value.toLocaleString(locale, { maximumFractionDigits: decimals });
}

/** A count for cards and charts: 9,876 · 1.2万 · 3.4亿 (or 9.9K, 1.2M). */
export function compact(value, decimals = 0) {
  const size = Math.abs(value);
  if (boot.language === "en") {
    if (size >= 1e9) return `${trimmed(value / 1e9, 1)}B`;
    if (size >= 1e6) return `${trimmed(value / 1e6, 1)}M`;
    if (size >= 1e4) return `${trimmed(value / 1e3, 1)}K`;
  } else {
    if (size >= 1e8) return `${trimmed(value / 1e8, 1)}亿`;
    if (size >= 1e4) return `${trimmed(value / 1e4, 1)}万`;
  }
  return trimmed(value, size >= 100 ? 0 : decimals);
}

/** A length of time given in seconds. */
export function duration(seconds, decimals = 2) {
  const size = Math.abs(seconds);
  if (size < 1) return t(`${Math.round(seconds * 1000)} 毫秒`, `${Math.round(seconds * 1000)} ms`);
  if (size < 120) return t(`${trimmed(seconds, decimals)} 秒`, `${trimmed(seconds, decimals)} s`);
  if (size < 7200) return t(`${Math.round(seconds / 60)} 分钟`, `${Math.round(seconds / 60)} min`);
  if (size < 172800) return t(`${Math.round(seconds / 3600)} 小时`, `${Math.round(seconds / 3600)} h`);
  return t(`${Math.round(seconds / 86400)} 天`, `${Math.round(seconds / 86400)} days`);
}

/** A number in a Grafana unit. */
export function number(value, unit = "short", decimals = null) {
  if (value === null || value === undefined) return "—";
  if (typeof value !== "number") return String(value);
  const digits = decimals ?? 1;
  if (unit === "s") return duration(value, digits);
  if (unit === "ms") return duration(value / 1000, digits);
  if (unit !== "percent" && unit !== "none") return compact(value, digits);
  // Shares and scores keep the decimals they are given, so that figures do not jump in width.
  const text = value.toLocaleString(locale, { minimumFractionDigits: decimals ?? 0, maximumFractionDigits: digits });
  return unit === "percent" ? `${text}%` : text;
}

/** All digits, for tables and tooltips. */
export const exact = (value) => (typeof value === "number" ? trimmed(value, 2) : String(value ?? "—"));

const zone = new Intl.DateTimeFormat("en-CA", {
  timeZone: boot.timezone, hourCycle: "h23",
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** Milliseconds shifted so that their UTC fields read as the configured zone's wall clock. */
export function wall(ms) {
  const part = Object.fromEntries(zone.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) + (ms % 1000);
}

const two = (value) => String(value).padStart(2, "0");
const WEEKDAYS = [["周日", "Sun"], ["周一", "Mon"], ["周二", "Tue"], ["周三", "Wed"], ["周四", "Thu"], ["周五", "Fri"], ["周六", "Sat"]];

/** Fields of a moment on the wall. */
export function fields(ms) {
  const at = new Date(wall(ms));
  return {
    year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(),
    hour: two(at.getUTCHours()), minute: two(at.getUTCMinutes()), second: two(at.getUTCSeconds()),
    weekday: t(...WEEKDAYS[at.getUTCDay()]),
  };
}

/** Short time for rows: today 10:02:33, else 11-20 23:41, other years with the year. */
export function moment(ms, now = Date.now()) {
  const [at, today] = [fields(ms), fields(now)];
  if (at.year !== today.year) return `${at.year}-${two(at.month)}-${two(at.day)}`;
  if (at.month === today.month && at.day === today.day) return `${at.hour}:${at.minute}:${at.second}`;
  return `${two(at.month)}-${two(at.day)} ${at.hour}:${at.minute}`;
}

/** Full time with weekday for people: 11月22日 周日 10:02. */
export function spoken(ms) {
  const at = fields(ms);
  const year = at.year === fields(Date.now()).year ? "" : t(`${at.year}年`, `${at.year}-`);
  return t(
    `${year}${at.month}月${at.day}日 ${at.weekday} ${at.hour}:${at.minute}`,
    `${at.weekday} ${year}${two(at.month)}-${two(at.day)} ${at.hour}:${at.minute}`,
  );
}

/** Label of a time axis over `span` milliseconds. */
export function axisTime(wallMs, span) {
  const at = new Date(wallMs);
  const [clock, day] = [`${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`, `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`];
  if (span <= 600000) return `${clock}:${two(at.getUTCSeconds())}`;
  if (span <= 86400000 * 1.2) return clock;
  if (span <= 86400000 * 40) return at.getUTCHours() + at.getUTCMinutes() === 0 ? day : `${day}\n${clock}`;
  return `${at.getUTCFullYear()}-${day}`;
}
