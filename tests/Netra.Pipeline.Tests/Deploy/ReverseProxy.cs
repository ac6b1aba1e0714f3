using System.Diagnostics;
using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Deploy;

/// <summary>
/// A real haproxy or nginx with the file of <c>deploy/</c>, but for ports and what needs another machine. Disposing ends it.
/// </summary>
internal sealed class ReverseProxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private ReverseProxy(Process process, DirectoryInfo folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    /// <summary>Starts one.</summary>
    /// <param name="kind"><c>haproxy</c> or <c>nginx</c>.</param>
    /// <param name="first">The port of the one process of a deployment.</param>
    /// <param name="second">The port of the other one; the same where both share it.</param>
    public static async Task<ReverseProxy> StartAsync(string kind, int first, int second)
    {
        var (folder, port) = (Directory.CreateTempSubdirectory("netra-proxy-"), FreePort.Find());
        var file = WriteConfiguration(kind, folder.FullName, port, first, second);
        var start = new ProcessStartInfo(kind)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in kind == "haproxy" ? ["-db", "-f", file] : new[] { "-p", folder.FullName, "-c", file })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var proxy = new ReverseProxy(process, folder, port);
        var said = new List<string>();
        process.OutputDataReceived += (_, line) => Keep(said, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                Assert.That(process.HasExited, Is.False, () => string.Join('\n', said));
                await using var peer = await RawPeer.TryConnectAsync(port);
                return peer is not null;
            },
            $"{kind} listens");
        return proxy;
    }

    /// <summary>Has a proxy check its file.</summary>
    public static async Task<(int ExitCode, string Output)> CheckAsync(string kind)
    {
        var folder = Directory.CreateTempSubdirectory("netra-proxy-");
        var file = WriteConfiguration(kind, folder.FullName, FreePort.Find(), 5080, 5081);
        var checkedIt = await RunAsync(kind, kind == "haproxy" ? ["-c", "-f", file] : ["-t", "-p", folder.FullName, "-c", file]);
        folder.Delete(recursive: true);
        return checkedIt;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TestClient.Patience, TimeProvider.System);
        return (process.ExitCode, await output + await error);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string WriteConfiguration(string kind, string folder, int port, int first, int second)
    {
        var isHaproxy = kind == "haproxy";
        var text = Replaced(
            File.ReadAllText(Repository.PathOf(isHaproxy ? "deploy/haproxy.cfg" : "deploy/nginx.conf")),
            [
                (isHaproxy ? "bind :80" : "listen 80;", isHaproxy ? Of($"bind 127.0.0.1:{port}") : Of($"listen 127.0.0.1:{port};")),
                ("127.0.0.1:5080", Of($"127.0.0.1:{first}")),
                ("127.0.0.1:5081", Of($"127.0.0.1:{second}")),
            ]);
        if (isHaproxy)
        {
            // Two handles a connection, of those that a test may have.
            text = Replaced(text, [("maxconn 20000", "maxconn 8000"), ("log stdout format raw local0", "log 127.0.0.1:9 local0")]);
        }
        else
        {
            File.WriteAllText(Path.Combine(folder, "site.conf"), text);
            text = $$"""
                daemon off;
                master_process off;
                pid {{folder}}/pid;
                error_log stderr warn;
                worker_rlimit_nofile 16000;
                events { worker_connections 16000; }
                http {
                    access_log off;
                    client_body_temp_path {{folder}}/body;
                    proxy_temp_path {{folder}}/proxy;
                    fastcgi_temp_path {{folder}}/fastcgi;
                    uwsgi_temp_path {{folder}}/uwsgi;
                    scgi_temp_path {{folder}}/scgi;
                    include {{folder}}/site.conf;
                }
                """;
        }

        var file = Path.Combine(folder, "proxy.conf");
        File.WriteAllText(file, text + "\n");
        return file;
    }

    private static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Replaced(string text, IEnumerable<(string Old, string New)> changes)
    {
        foreach (var (old, changed) in changes)
        {
            Assert.That(text, Does.Contain(old));
            text = text.Replace(old, changed, StringComparison.Ordinal);
        }

        return text;
    }

    private static void Keep(List<string> said, string? line)
    {
        lock (said)
        {
            said.Add(line ?? "");
        }
    }
}
