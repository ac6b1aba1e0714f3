using System.Diagnostics;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// The real server as a process of its own. Nothing is known of it but what it writes and what it answers.
/// Disposing kills it, if nobody has before.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ListeningMark = "Now listening on: ";
    private const int MaxLines = 2_000;

    // A process that starts compiles what it runs: beside others, on two cores, that takes many times what it takes alone. One that ends
    // may take 13 s for it by itself, and a command has to start first.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly Queue<string> _output = [];
    private readonly Queue<string> _error = [];
    private readonly List<string> _critical = [];
    private readonly TaskCompletionSource<int?> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isCritical;

    private ServerProcess(
        string environment,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)> variables,
        IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = environment },
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        foreach (var argument in command.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        _process.Exited += (_, _) => _listening.TrySetResult(null);
    }

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>How much processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The last lines that it wrote, those of the error stream after the others.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', [.. _output, .. _error]);
            }
        }
    }

    /// <summary>The first messages that it logged at CRITICAL.</summary>
    public IReadOnlyList<string> Critical
    {
        get
        {
            lock (_gate)
            {
                return [.. _critical];
            }
        }
    }

    /// <summary>Starts it on a port of the kernel's choice, unless the arguments say another.</summary>
    public static ServerProcess Start(string environment, params string[] arguments) => Start(environment, [], arguments);

    /// <summary>Starts it with environment variables of its own.</summary>
    public static ServerProcess Start(string environment, IEnumerable<(string Name, string Value)> variables, params string[] arguments)
        => Start(["dotnet", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll")], environment, variables, arguments);

    /// <summary>Starts it by another command: another build of it, or one that is given less than others.</summary>
    public static ServerProcess Start(
        IReadOnlyList<string> command, string environment, IEnumerable<(string Name, string Value)> variables, params string[] arguments)
    {
        string[] defaults = arguments.Any(static a => a.StartsWith("--urls", StringComparison.Ordinal))
            ? []
            : ["--urls=http://127.0.0.1:0"];
        var server = new ServerProcess(environment, defaults.Concat(arguments), variables, command);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Runs one of its commands, which ends by itself.</summary>
    public static ServerProcess Run(params string[] arguments)
    {
        var program = new ServerProcess(
            "Development", arguments, [], ["dotnet", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll")]);
        program._process.Start();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        return program;
    }

    /// <summary>Runs one of its commands, which must succeed.</summary>
    /// <returns>What it has printed.</returns>
    public static async Task<string> PrintedByAsync(params string[] arguments)
    {
        await using var program = Run(arguments);

        // A command starts as a server does.
        var (exitCode, output) = await program.WhenExitedAsync();
        Assert.That(exitCode, Is.Zero, output);
        return output.Trim();
    }

    /// <summary>Starts it with so many file handles.</summary>
    public static ServerProcess StartWithHandles(int handles, params string[] arguments)
    {
        var server = Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll");
        return Start(["bash", "-c", $"ulimit -n {handles}; exec dotnet \"$0\" \"$@\"", server], "Development", [], arguments);
    }

    /// <summary>Starts it with a standard output that nobody reads.</summary>
    /// <param name="port">Where it is to listen: it cannot say so.</param>
    /// <param name="arguments">Its other arguments.</param>
    public static ServerProcess StartUnread(int port, params string[] arguments)
    {
        var server = new ServerProcess(
            "Development",
            [$"--urls=http://127.0.0.1:{port}", .. arguments],
            [],
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll")]);
        server._process.Start();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Waits until it says that it listens.</summary>
    /// <returns>The port.</returns>
    public async Task<int> WhenListeningAsync()
    {
        try
        {
            return await _listening.Task.WaitAsync(Patience, TimeProvider.System)
                ?? throw new AssertionException($"The server has ended:\n{Output}");
        }
        catch (TimeoutException exception)
        {
            throw new AssertionException($"The server has not said within {Patience} where it listens:\n{Output}", exception);
        }
    }

    /// <summary>Waits until it takes connections: it listens a moment before, and first ends what its predecessor left open.</summary>
    /// <returns>The port.</returns>
    public async Task<int> WhenReadyAsync()
    {
        var port = await WhenListeningAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        using var patience = new CancellationTokenSource(Patience);
        while ((await http.GetAsync("/readyz", patience.Token)).StatusCode != System.Net.HttpStatusCode.OK)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
        }

        return port;
    }

    /// <summary>Waits until it has written something; that may be the first that it does.</summary>
    public async Task WhenSaysAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (patience.IsCancellationRequested)
            {
                throw new AssertionException($"The server has not said '{text}' within {Patience}:\n{Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>Waits until it has ended by itself; a command does little but start.</summary>
    public async Task<(int ExitCode, string Output)> WhenExitedAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, Output);
    }

    /// <summary>Ends it at once, as a crash does: no code of it runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
    }

    /// <summary>Sends it a signal, such as <c>STOP</c>.</summary>
    public Task SignalAsync(string signal) => SignalAsync(signal, $"{_process.Id}");

    /// <summary>Sends a signal to its only child: whoever reads its standard output, where there is one.</summary>
    public async Task SignalChildAsync(string signal)
        => await SignalAsync(signal, (await File.ReadAllTextAsync($"/proc/{Id}/task/{Id}/children")).Trim());

    private static async Task SignalAsync(string signal, string process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process]);
        using var patience = new CancellationTokenSource(TestClient.Patience);
        await kill.WaitForExitAsync(patience.Token);
    }

    /// <summary>Asks it to end, as an operator does, and waits until it has.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new AssertionException($"The server did not end within {Patience}:\n{Output}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Keep(Queue<string> lines, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            // The console's format: level and category on one line, the message on the next.
            if (_isCritical)
            {
                _critical.Add(line.Trim());
            }

            _isCritical = line.StartsWith("crit: ", StringComparison.Ordinal) && _critical.Count < MaxLines;
            lines.Enqueue(line);
            if (lines.Count > MaxLines)
            {
                lines.Dequeue();
            }
        }

        // In a line of JSON it is followed by the rest of the line.
        var mark = line.IndexOf(ListeningMark, StringComparison.Ordinal);
        if (mark >= 0)
        {
            _listening.TrySetResult(new Uri(line[(mark + ListeningMark.Length)..].Split('"')[0].Trim()).Port);
        }
    }
}
