import { render } from 'preact';
import { AlertsContent } from './alerts';
import { Api, rootOf } from './api';
import { useAddress } from './address';
import { ExecutiveContent } from './executive';
import { IndexPage } from './index-page';
import { OperationsContent } from './operations';
import { PerformanceContent } from './performance';
import { Shell } from './shell';
import { UsersContent } from './users';
import { followTheme } from '../ui/theme';
import './dashboards.css';

followTheme();
const api = new Api(rootOf(location.href));

function Page({ id }: { readonly id: string | undefined }) {
  const [user] = useAddress('user_id');
  const [tenant] = useAddress('tenant_id');
  const named = new URLSearchParams({
    ...(user !== '' && { user_id: user }),
    ...(user !== '' && tenant !== '' && { tenant_id: tenant }),
  });
  const query = named.size === 0 ? '' : `&${named}`;
  switch (id) {
    case 'websocket_executive':
      return <Shell api={api} id={id} content={ExecutiveContent} />;
    case 'websocket_operations':
      return <Shell api={api} id={id} content={OperationsContent} />;
    case 'websocket_user_diagnostics':
      return <Shell api={api} id={id} query={query} content={UsersContent} />;
    case 'websocket_performance':
      return <Shell api={api} id={id} content={PerformanceContent} />;
    case 'websocket_alerts':
      return <Shell api={api} id={id} content={AlertsContent} />;
    default:
      return <IndexPage api={api} />;
  }
}

const app = document.getElementById('app')!;
render(<Page id={app.dataset['dashboard']} />, app);
