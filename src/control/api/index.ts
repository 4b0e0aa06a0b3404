/** The control API as data, for whoever describes it. */
export { openApi } from './openapi.js'
export { routes } from './routes.js'
