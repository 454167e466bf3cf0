import { storeSuite } from '../store.suite.ts'
import { openTestStore } from './test-store.ts'

storeSuite('DuckDB', (parts) => openTestStore(parts, 20))
