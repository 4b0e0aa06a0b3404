/** Does the firewall let in what it should, and nothing else? With the matchers of linkspan/vitest. */
import { createLab } from 'linkspan/testing'
import { expect, test } from 'vitest'
import 'linkspan/vitest'

test('the database talks to the web server only', async () => {
  const lab = await createLab({
    seed: 7,
    config: {
      filter: [
        {
          name: 'web-db',
          action: 'allow',
          from: { port: 'web' },
          to: { port: 'db' },
          protocol: 'tcp',
        },
        { name: 'db-closed', action: 'deny', to: { port: 'db' }, protocol: 'tcp' },
      ],
    },
  })
  lab.bridge('lan')
  const [web, db, guest] = ['web', 'db', 'guest'].map((name) => lab.host(name))
  lab.capture()
  db.listen(5432, ({ readable, writable }) => readable.pipeTo(writable))

  const connection = await web.connect(db, 5432)
  await connection.close()
  const refused = guest.connect(db, 5432)
  await expect(refused).rejects.toMatchObject({ code: 'TIMEOUT' })

  expect(lab).toHaveDelivered({ from: web, to: db, port: 5432 })
  expect(lab).not.toHaveDelivered({ from: guest, to: db, protocol: 'tcp' })
  expect(lab).toHaveDropped({ from: guest, port: 5432, reason: 'filter-denied' })
  expect(lab).not.toHaveFlow({ from: guest })
  await lab.close()
})
