// Sliders: what each link does to frames.

/** A rate that is none: the slider's end. */
const ANY = 5.1

const sliders = [
  {
    name: 'delay',
    range: { min: 0, max: 100, step: 1 },
    from: ({ delay = 0 }) => delay,
    settings: (value) => ({ delay: value }),
    text: (value) => `${value} ms`,
  },
  {
    name: 'loss',
    range: { min: 0, max: 60, step: 1 },
    from: ({ loss }) => percent(loss),
    settings: (value) => ({ loss: value === 0 ? null : value / 100 }),
    text: (value) => `${value} %`,
  },
  {
    // Of bits a second the logarithm, in kbit: 10^2 to 10^5, and then none.
    name: 'rate',
    range: { min: 2, max: ANY, step: 0.1 },
    from: ({ rate }) => (rate === undefined ? ANY : Math.log10(rate / 1000)),
    settings: (value) => ({ rate: value >= ANY ? null : bits(value) }),
    text: (value) => (value >= ANY ? 'any' : rateText(bits(value))),
  },
]

const percent = (loss) => Math.round(100 * (loss?.probability ?? 0))

/** Two digits are enough. */
const bits = (value) => Number((1000 * 10 ** value).toPrecision(2))

function rateText(rate) {
  return rate < 1e6 ? `${rate / 1e3} kbit/s` : `${rate / 1e6} Mbit/s`
}

/** A link's settings in few words: `30 ms, 10 % lost, 10 Mbit/s`. */
export function faultText({ delay, loss, rate, up }) {
  if (up === false) return 'unplugged'
  const lost = loss && `${percent(loss)} % lost`
  const words = [delay && `${delay} ms`, lost, rate && rateText(rate)]
  return words.filter(Boolean).join(', ')
}

/** Sliders and a plug for each of these links. */
export const linkPanel = (links) => links.map((link) => card(link))

function card(link) {
  const element = document.createElement('fieldset')
  const legend = document.createElement('legend')
  legend.textContent = link.name
  element.append(legend, plug(link), ...sliders.map((slider) => row(link, slider)))
  return element
}

function plug(link) {
  const label = document.createElement('label')
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', checked: true })
  label.className = 'plug'
  label.append(box, 'plugged in')
  box.addEventListener('change', () => link.set({ up: box.checked }))
  return label
}

function row(link, { name, range, from, settings, text }) {
  const label = document.createElement('label')
  const value = from(link.settings.out)
  const input = Object.assign(document.createElement('input'), { type: 'range', ...range, value })
  const output = Object.assign(document.createElement('output'), { textContent: text(value) })
  label.className = 'slider'
  label.append(name, input, output)
  input.setAttribute('aria-label', `${name} of link ${link.name}`)
  input.addEventListener('input', () => {
    const wanted = Number(input.value)
    output.textContent = text(wanted)
    link.set(settings(wanted))
  })
  return label
}
