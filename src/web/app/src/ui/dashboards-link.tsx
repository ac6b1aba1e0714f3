interface Props {
  /** Where they are; nothing where they are not for who is here. */
  readonly address: string | undefined;
}

/** The way from the chat to the operators' dashboards. */
export function DashboardsLink({ address }: Props) {
  return address === undefined ? null : <a class="dashboards-link" href={address} data-testid="dashboards">Dashboards</a>;
}
