import { markup, trusted, type Markup } from './markup.js';
import { REPORT_STYLE } from './report-style.js';

/** What a page is made of. */
export interface HtmlPage {
  /** Version of Deadpan. */
  readonly version: string;
  readonly title: string;
  /** What the security policy allows besides the page's own style. */
  readonly allowed: string;
  /** Style beyond that of all reports. */
  readonly style?: string;
  readonly body: Markup;
}

/** A page that needs nothing but itself: its content security policy forbids it every request. */
export function htmlPage({ version, title, allowed, style = '', body }: HtmlPage): string {
  return `${
    markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; ${trusted(allowed)}">
<meta name="generator" content="Deadpan ${version}">
<title>${title}</title>
<style>${trusted(REPORT_STYLE + style)}</style>
</head>
<body>
${body}
</body>
</html>`.markup
  }\n`;
}
