using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Peers;

/// <summary>
/// One of the servers in <c>bench/peers</c>, started by its one entry, in its Release build. Disposing kills it, if nobody has before.
/// </summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("peer-test-");
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private PeerProcess(string name, IEnumerable<string> arguments)
    {
        Name = name;
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(Repository.PathOf("bench/peers/run"), [name, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["TMPDIR"] = _temporary.FullName },
            },
        };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public string Name { get; }

    public int Port { get; private init; }

    /// <summary>What it has written.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The folders for data that are there.</summary>
    public IEnumerable<string> DataFolders => _temporary.EnumerateDirectories("netra-peer-*").Select(static folder => folder.Name);

    /// <summary>Starts it, and waits until it answers.</summary>
    public static async Task<PeerProcess> StartAsync(string name, int events, int intervalMs)
    {
        var port = FreePort.Find();
        var peer = Start(name, ["--port", $"{port}", "--events", $"{events}", "--interval-ms", $"{intervalMs}"], port);
        try
        {
            await Eventually.BecomesTrueAsync(peer.AnswersAsync, $"{name} answers on port {port}");
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it as it is told to.</summary>
    public static PeerProcess Start(string name, IEnumerable<string> arguments, int port = 0)
    {
        var peer = new PeerProcess(name, arguments) { Port = port };
        peer._process.Start();
        peer._process.BeginOutputReadLine();
        peer._process.BeginErrorReadLine();
        return peer;
    }

    /// <summary>Waits until it has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WhenExitedAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Asks the process that was started to end, as an operator does, and waits until it has.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await WhenExitedAsync();
    }

    /// <summary>Whether anybody listens on its port.</summary>
    public async Task<bool> ListensAsync()
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await WhenExitedAsync();
        _process.Dispose();
        _temporary.Delete(recursive: true);
    }

    private async ValueTask<bool> AnswersAsync()
    {
        Assert.That(_process.HasExited, Is.False, () => $"{Name} has ended:\n{Output}");
        using var http = new HttpClient { Timeout = TestClient.Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{Port}/"));
            return answer.StatusCode == HttpStatusCode.OK && (await answer.Content.ReadAsStringAsync()).Length > 0;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
