// Of Node: what a program asks for with setImmediate comes before the lab's time moves.
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'

test('what a program asks for with setImmediate, however often, comes before time moves', async () => {
  const lab = await createLab()
  const seen: number[] = []
  const slept = lab.sleep(100)
  void lab.sleep(50).then(() => {
    let left = 20
    const again = () => void (--left > 0 ? setImmediate(again) : seen.push(lab.now))
    setImmediate(again)
  })
  await slept
  expect(seen).toEqual([50])
  await lab.close()
})

test('a program that asks for immediates without end does not stop time', async () => {
  const lab = await createLab()
  let isOver = false
  const again = () => void (isOver || setImmediate(again))
  again()
  await lab.sleep('1s')
  isOver = true
  expect(lab.now).toBe(1000)
  await lab.close()
})
