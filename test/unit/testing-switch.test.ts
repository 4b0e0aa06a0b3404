/** The lab: a switch in it turns in events of its own, whatever hosts and programs do meanwhile. */
import { expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { createLab } from '../../src/testing/index.js'

/** Two hosts of which the second hears the first, and a port of the program's. */
async function some() {
  const lab = await createLab({ clock: 'manual' })
  const lan = lab.bridge('lan', { subnets: ['10.55.0.0/24'] })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => lab.host(name, { bridge: lan }))
  const heard: string[] = []
  b!.udp(7, ({ text }) => void heard.push(`${text} at ${lab.now}`))
  const socket = a!.udp()
  await socket.send('b', 7, 'first')
  await lab.advance(10)
  const port = lab.switch().production.addPort('own', { bridge: 'lan' })
  return { lab, c: c!, socket, port, heard: heard.splice(0) && heard }
}

test('who throws while the switch turns keeps no frame of others back', async () => {
  const { lab, c, socket, port, heard } = await some()
  port.onFrame(() => {
    throw new Error('mine')
  })
  await lab.advance('20s')
  const others = ['d', 'e', 'f'].map((name) => lab.host(name).udp())
  for (const from of [socket, c.udp(), ...others]) await from.send('10.55.0.255', 7, 'to all')
  await expect(lab.advance(0)).rejects.toThrow('mine')
  for (let count = 0; count < 9; count++) await lab.advance(0).catch(() => {})
  expect(heard).toEqual(Array(5).fill('to all at 20010'))
  await lab.close()
})

test('a frame that waits is not forwarded in the middle of what a host sends', async () => {
  const { lab, c, socket, port, heard } = await some()
  await c.udp().send('a', 9, 'so that it knows it')
  await lab.advance(1)
  const flow = parseFlow(['udp', '10.55.0.1:5', '10.55.0.3:99'])
  port.send(buildFrame(flow, { destinationMac: parseMac(c.mac), length: 200 }))
  await lab.advance(1)
  await socket.send('b', 7, 'second')
  await lab.advance(0)
  expect(heard).toEqual(['second at 12'])
  await lab.close()
})
