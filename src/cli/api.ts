/** `linkspan api`: the description of the control API, for which no switch needs to run. */
import { openApi, routes } from '../control/api/index.js'
import { version } from './version.js'

export function api(): void {
  console.log(JSON.stringify(openApi(routes, version), null, 2))
}
