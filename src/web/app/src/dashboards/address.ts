import { useEffect, useState } from 'preact/hooks';

const changed = 'netra-address';

/**
 * A part of the address, so that what is on the screen can be sent to somebody: `?user_id=ada&range=day`. Changing it makes an entry in the
 * browser's history where `visit` says so, and replaces the present one otherwise.
 */
export function useAddress(name: string, absent = ''): readonly [string, (value: string, visit?: boolean) => void] {
  const [value, setValue] = useState(() => read(name, absent));
  useEffect(() => {
    const look = (): void => setValue(read(name, absent));
    addEventListener('popstate', look);
    addEventListener(changed, look);
    return () => {
      removeEventListener('popstate', look);
      removeEventListener(changed, look);
    };
  }, [name, absent]);
  return [value, (next, visit = false) => write(name, next, absent, visit)];
}

function read(name: string, absent: string): string {
  return new URLSearchParams(location.search).get(name) ?? absent;
}

function write(name: string, value: string, absent: string, visit: boolean): void {
  const query = new URLSearchParams(location.search);
  if (value === absent) {
    query.delete(name);
  } else {
    query.set(name, value);
  }
  const address = `${location.pathname}${query.size > 0 ? `?${query}` : ''}`;
  if (visit) {
    history.pushState(null, '', address);
  } else {
    history.replaceState(null, '', address);
  }
  dispatchEvent(new Event(changed));
}
