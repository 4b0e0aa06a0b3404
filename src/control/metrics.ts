/**
 * Metrics in the text format of Prometheus. They are read when somebody asks; what each is stands in
 * metric-list.ts and, for people, in docs/metrics.md.
 */
import prometheus, { type Metric as PrometheusMetric } from 'prom-client'
import type { Metric, Reading } from './metric.js'
import { metrics } from './metric-list.js'
import { Monotonic } from './monotonic.js'
import type { RunningSwitch } from './running.js'

export class Metrics {
  readonly #registry = new prometheus.Registry()
  readonly #reading: Reading

  constructor(running: RunningSwitch, version: string) {
    this.#reading = { running, version, monotonic: new Monotonic() }
    for (const metric of metrics) this.#registry.registerMetric(this.#adapt(metric))
  }

  /** A metric of the list as the library's registry takes one: its values are there when asked for. */
  #adapt({ name, help, type, read }: Metric): PrometheusMetric {
    const get = async () => {
      const values = [...read(this.#reading)].map(({ suffix = '', labels = {}, value }) => {
        return { metricName: `${name}${suffix}`, labels, value }
      })
      return { name, help, type, values, aggregator: 'sum' }
    }
    return { name, get } as unknown as PrometheusMetric
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
