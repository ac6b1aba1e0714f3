using System.CommandLine;
using System.Globalization;
using Netra.Pipeline.Access;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Server.CommandLine;

/// <summary>
/// <c>keys create|list|revoke</c>: the API keys of a data folder. A server that runs on the folder notices within a second or two.
/// </summary>
internal static class KeysCommand
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm";

    public static Command Create(IConfiguration configuration) => new("keys", "API keys of publishers and operators.")
    {
        CreateKey(configuration),
        ListKeys(configuration),
        RevokeKey(configuration),
    };

    private static Command CreateKey(IConfiguration configuration)
    {
        var name = new Option<string>("--name")
        {
            Description = "Whose it is; several keys of one name are one publisher.",
            Required = true,
        };
        var scopes = new Option<string[]>("--scope")
        {
            Description = $"What it is for; may occur several times: {AccessRightNames.List}.",
            Required = true,
        };
        var users = new Option<string>("--users")
        {
            Description = "For which users: *, a name, or a beginning with *.",
            DefaultValueFactory = static _ => UserPattern.All.Text,
        };
        var tenant = new Option<string?>("--tenant")
        {
            Description = "Of which tenant's users; * for every one. By default * for --users *, and else those without a tenant.",
        };
        var days = new Option<int?>("--days") { Description = "After how many days it ends, 1 to 3650; by default never." };
        var command = new Command("create", "Makes a key, and writes it to standard output: this is the only time that it is told.")
        {
            name, scopes, users, tenant, days,
        };
        command.SetAction(async (parsed, _) =>
        {
            var (wantedName, wantedScopes) = (parsed.GetRequiredValue(name), parsed.GetRequiredValue(scopes));
            var (wantedUsers, wantedDays) = (parsed.GetRequiredValue(users), parsed.GetValue(days));
            var rights = wantedScopes.Aggregate(AccessRights.None, static (all, scope) => all | AccessRightNames.Of(scope));
            var pattern = UserPattern.TryParse(wantedUsers, parsed.GetValue(tenant), out var wrongTenant);
            if ((Problem(wantedName, wantedScopes, wantedUsers, wantedDays)
                ?? (pattern is null ? $"--tenant: {wrongTenant}." : null)
                ?? (ApiKey.ProblemOf(rights, pattern!) is { } wrongRights ? $"--scope: {wrongRights}." : null)) is { } problem)
            {
                return await ServerCommand.FailAsync(problem);
            }

            var now = TimeProvider.System.GetUtcNow();
            var key = ApiKey.Make(wantedName, rights, pattern!, now, now + DaysOf(wantedDays), out var text);
            using var store = Open(configuration);
            store.Add(key);
            await Console.Out.WriteLineAsync(text);
            return 0;
        });
        return command;
    }

    private static Command ListKeys(IConfiguration configuration)
    {
        var command = new Command("list", "Lists the keys, those that were revoked among them.");
        command.SetAction(async (_, _) =>
        {
            using var store = Open(configuration);
            await WriteLineAsync("id", "name", "scopes", "tenant", "users", "created", "ends");
            foreach (var key in store.Keys())
            {
                await WriteLineAsync(
                    key.Id,
                    key.Name,
                    string.Join(' ', AccessRightNames.NamesOf(key.Rights)),
                    key.Users.Tenant,
                    key.Users.Text,
                    Text(key.CreatedAt),
                    key.RevokedAt is { } revoked ? $"revoked {Text(revoked)}" : key.ExpiresAt is { } end ? Text(end) : "never");
            }

            return 0;
        });
        return command;
    }

    private static Command RevokeKey(IConfiguration configuration)
    {
        var id = new Argument<string>("id") { Description = "The key's id, as 'keys list' says it." };
        var command = new Command("revoke", "Revokes a key.") { id };
        command.SetAction(async (parsed, _) =>
        {
            using var store = Open(configuration);
            return store.TryRevoke(parsed.GetRequiredValue(id), TimeProvider.System.GetUtcNow())
                ? 0
                : await ServerCommand.FailAsync("There is no key of that id, or it was revoked already; 'keys list' says which there are.");
        });
        return command;
    }

    private static string? Problem(string name, string[] scopes, string users, int? days)
    {
        if (ApiKey.ProblemOfName(name) is { } wrongName)
        {
            return $"--name: {wrongName}.";
        }

        if (Array.Find(scopes, static scope => AccessRightNames.Of(scope) == AccessRights.None) is { } unknown)
        {
            return $"--scope is '{unknown}'; there are {AccessRightNames.List}.";
        }

        return UserPattern.TryParse(users, tenant: null, out var wrongUsers) is null ? $"--users: {wrongUsers}."
            : days is < 1 or > 3650 ? $"--days is {days}; it must be between 1 and 3650."
            : null;
    }

    private static Task WriteLineAsync(string id, string name, string scopes, string tenant, string users, string created, string ends)
        => Console.Out.WriteLineAsync($"{id,-11}  {name,-20}  {scopes,-28}  {tenant,-12}  {users,-12}  {created,-16}  {ends}");

    private static TimeSpan? DaysOf(int? days) => days is { } number ? TimeSpan.FromDays(number) : null;

    private static AccessStore Open(IConfiguration configuration)
    {
        var data = new DataOptions();
        configuration.GetSection("Netra").Bind(data);
        return AccessStore.Open(data.DataDirectory);
    }

    private static string Text(DateTimeOffset time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
