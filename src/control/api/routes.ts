/** All that the control API has. */
import { bridgeRoutes } from './bridges.js'
import { captureRoutes } from './capture.js'
import { configRoutes } from './config.js'
import { directoryRoutes } from './directory.js'
import { fdbRoutes } from './fdb.js'
import { flowRoutes } from './flows.js'
import { overlayRoutes } from './overlay.js'
import { portRoutes } from './ports.js'
import { publishRoutes } from './publish.js'
import { recordRoutes } from './record.js'
import type { Route } from './route.js'
import { routerRoutes } from './router.js'
import { ruleRoutes } from './rules.js'
import { statisticRoutes } from './statistics.js'
import { switchRoutes } from './switch.js'
import { traceRoutes } from './trace.js'
import { vlanRoutes } from './vlans.js'

export const routes: readonly Route[] = [
  ...switchRoutes,
  ...configRoutes,
  ...portRoutes,
  ...bridgeRoutes,
  ...vlanRoutes,
  ...fdbRoutes,
  ...overlayRoutes,
  ...directoryRoutes,
  ...routerRoutes,
  ...ruleRoutes,
  ...publishRoutes,
  ...flowRoutes,
  ...statisticRoutes,
  ...traceRoutes,
  ...captureRoutes,
  ...recordRoutes,
]
