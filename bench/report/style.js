// How the report looks: a page of one column, dark where the reader's system is.
import { style as pictures } from './svg.js'

export const style = `
  :root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --paper: #fff; --shade: #f6f8fa;
    --rule: #d1d9e0; --link: #0969da; --good: #1a7f37; --bad: #b35900 }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --shade: #151b23; --rule: #30363d;
      --link: #4493f8; --good: #3fb950; --bad: #f0883e }
  }
  body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 68rem; background: var(--paper);
    color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
  h1 { margin: 0 } h2 { margin: 3rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--rule) }
  h3 { margin: 2rem 0 .5rem } a { color: var(--link) }
  .soft, dt, .method { color: var(--soft) } .method { max-width: 52rem }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.5rem; margin: 1rem 0 }
  dd { margin: 0; overflow-wrap: anywhere }
  .wide { overflow-x: auto; margin: .75rem 0 }
  table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
  th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--rule); text-align: left;
    vertical-align: top }
  thead th { background: var(--shade) } td.number, th.number { text-align: right; white-space: nowrap }
  tbody th { font-weight: normal; min-width: 14rem } td { white-space: nowrap }
  td:last-child { white-space: normal }
  code { font: 13px ui-monospace, monospace; background: var(--shade); padding: .1em .3em }
  .verdict { white-space: nowrap; font-weight: 600 } .met { color: var(--good) } .missed { color: var(--bad) }
  .left { padding: .6rem .9rem; background: var(--shade); border-left: 3px solid var(--rule) }
  svg { display: block; max-width: 100%; height: auto; margin: .75rem 0 }
  details { margin: .75rem 0 } summary { cursor: pointer; color: var(--soft) }
  nav ul { columns: 18rem; column-gap: 2.5rem; padding-left: 1.2rem } pre { overflow-x: auto }
  @media print { body { max-width: none } h2, h3, svg { break-after: avoid } svg { break-inside: avoid } }
${pictures}`
