using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Deploy;

/// <summary>Servers as they run in production: with tokens, and behind a proxy on this machine that is trusted.</summary>
internal sealed class GuardedServer : IDisposable
{
    private const string Secret = "a secret of a test, and of nothing else at all";
    private static readonly string[] MayPublish = ["netra.publish", "netra.act"];

    private readonly TokenIssuer _tokens = TokenIssuer.OfSecret(Secret);

    public string Publisher => _tokens.Good("publisher", MayPublish);

    public string TokenOf(string user) => _tokens.Good(user);

    public ServerProcess Start(ServerFolder folder, int port, params string[] arguments) => ServerProcess.Start(
        "Production",
        [
            folder.Argument,
            $"--urls=http://127.0.0.1:{port}",
            "--Netra:Proxies:Trusted:0=127.0.0.1",
            "--Netra:Hosting:WaitForFolder=00:01:00",
            .. _tokens.Settings(Secret).Select(static setting => $"--{setting.Key}={setting.Value}"),
            .. arguments,
        ]);

    public void Dispose() => _tokens.Dispose();
}
