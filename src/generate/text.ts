/** A report as people read it. */
import type { Percentiles, ReceiverReport, Report } from './report.js'

export function textOf({ sender, receiver, end, error }: Report): string {
  const wanted = sender.framesPerSecondWanted
  const lines = [
    `sent       ${number(sender.frames)} frames to ${sender.interface}, ${ratesText(sender)}`,
    ...(wanted !== null && sender.behindSeconds > 0
      ? [
          `           ${number(wanted)} frames/s wanted; put off by ${seconds(sender.behindSeconds)} in all`,
        ]
      : []),
    ...(sender.refused > 0
      ? [`           ${number(sender.refused)} times there was no room for the next frames`]
      : []),
    ...(receiver ? receiverLines(receiver) : []),
    `ended      ${error === null ? endText[end] : `failed: ${error}`}`,
  ]
  return lines.join('\n')
}

const endText: Record<Report['end'], string> = {
  count: 'all frames sent',
  duration: 'time is over',
  file: 'end of the file',
  interrupted: 'interrupted',
  failed: 'failed',
}

function receiverLines(receiver: ReceiverReport): string[] {
  const { lost, lossRatio, flowsWithLoss, duplicates, reordered, corrupted, kernelDrops } = receiver
  const share =
    lost === 0
      ? ''
      : ` (${(lossRatio * 100).toPrecision(3)} %${flowsWithLoss === null ? '' : `, of ${number(flowsWithLoss)} flows`})`
  const { tooLate, foreign, reorderingExtent: extent, latency } = receiver
  const optional = (value: number | null, what: string) =>
    value === null || value === 0 ? [] : [`           ${number(value)} ${what}`]
  return [
    `received   ${number(receiver.frames)} frames from ${receiver.interface}, ${ratesText(receiver)}`,
    `lost       ${number(lost)}${share}`,
    ...optional(kernelDrops, 'had no room here: the receiver did not keep up'),
    ...(duplicates === null
      ? []
      : [
          `faults     ${number(duplicates)} duplicates, ${number(reordered ?? 0)} reordered, ${number(corrupted ?? 0)} corrupted`,
        ]),
    ...(extent
      ? [
          `           reordered by ${number(extent.p50)} frames (median), ${number(extent.max)} at most`,
        ]
      : []),
    ...optional(tooLate, 'came too late to be told from duplicates, and count as lost'),
    ...optional(foreign, 'other frames, not counted'),
    ...(latency ? latencyLines(latency) : []),
  ]
}

function latencyLines(latency: Percentiles): string[] {
  const { min, mean, p50, p90, p99, p999, max } = latency
  const parts = { min, mean, p50, p90, p99, 'p99.9': p999, max }
  const words = Object.entries(parts).map(([name, value]) => `${name} ${duration(value)}`)
  return [`latency    ${words.join(', ')}`]
}

const ratesText = (of: { seconds: number; framesPerSecond: number; bitsPerSecond: number }) =>
  `${seconds(of.seconds)}: ${number(of.framesPerSecond)} frames/s, ${number(of.bitsPerSecond / 1e6)} Mbit/s`

const seconds = (value: number) => `${value.toPrecision(4)} s`

/** Whole and with separators, with a digit behind the point where it is small. */
export function number(value: number): string {
  const digits = Math.abs(value) < 100 && !Number.isInteger(value) ? 1 : 0
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** @param nanoseconds any number, 0 or more */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toPrecision(3)} µs`
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toPrecision(3)} ms`
  return `${(nanoseconds / 1e9).toPrecision(3)} s`
}
