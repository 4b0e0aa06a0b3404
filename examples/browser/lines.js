// Lists of lines that grow at their end: results of the buttons, and frames.

/** More lines than that are nobody's to read. */
const MOST = 300

export class Lines {
  constructor(list) {
    this.list = list
    list.replaceChildren()
  }

  /** @param lines `{ text, kind }`, of which the last ones are kept */
  add(lines) {
    if (lines.length === 0) return
    const { list } = this
    const follows = list.scrollTop + list.clientHeight > list.scrollHeight - 20
    list.append(...lines.slice(-MOST).map(line))
    while (list.childElementCount > MOST) list.firstElementChild.remove()
    if (follows) list.scrollTop = list.scrollHeight
  }

  /** A line that changes; returns what changes it. */
  one(text) {
    this.add([{ text, kind: 'running' }])
    const element = this.list.lastElementChild
    return (changed, kind) => Object.assign(element, { textContent: changed, className: kind })
  }
}

const line = ({ text, kind }) =>
  Object.assign(document.createElement('li'), { textContent: text, className: kind })
