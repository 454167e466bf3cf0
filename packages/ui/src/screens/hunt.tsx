export function Hunt() { return null }
