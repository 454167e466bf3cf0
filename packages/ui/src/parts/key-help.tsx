/** The list of keys, and the switch for single letters (WCAG 2.1.4). */
import { usePreference, writePreference } from '../state/preferences.ts'
import { keyList } from '../view/screens.ts'
import { Dialog } from './dialog.tsx'

export function KeyHelp({ close }: { close: () => void }) {
  const letters = usePreference('letters') !== 'off'
  return (
    <Dialog label="Keys" close={close} className="wide-dialog">
      <h2>Keys</h2>
      <div className="keys">
        {keyList.map((entry) => (
          <div key={entry.act}>
            <span className="row">
              {entry.keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </span>
            <span>{entry.act}</span>
          </div>
        ))}
      </div>
      <div className="row wrap">
        <label className="row">
          <input
            type="checkbox"
            checked={letters}
            onChange={(event) => writePreference('letters', event.target.checked ? 'on' : 'off')}
          />
          Single letters act
        </label>
        <button type="button" className="btn end" data-autofocus onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  )
}
