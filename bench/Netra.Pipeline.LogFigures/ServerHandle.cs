using System.Diagnostics;
using System.Globalization;

namespace Netra.Pipeline.LogFigures;

/// <summary>A server process that the figures are made of.</summary>
internal sealed class ServerHandle : IAsyncDisposable
{
    private const string ReadyMark = "READY ";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    private ServerHandle(Process process, string address)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(10) };
    }

    public HttpClient Http { get; }

    /// <summary>Starts one.</summary>
    /// <param name="kind">Its log.</param>
    /// <param name="folder">Where the log is.</param>
    /// <param name="observation">What <see cref="ServerObservation"/> is told; null for the defaults.</param>
    /// <param name="program">This program, as it was built from another commit; null for this one.</param>
    public static async Task<ServerHandle> StartAsync(string kind, string folder, string? observation = null, string? program = null)
    {
        var start = new ProcessStartInfo(program ?? Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (program is null && Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerHandle).Assembly.Location);
        }

        foreach (var argument in observation is null ? new[] { "serve", kind, folder } : ["serve", kind, folder, observation])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, output) => Take(output.Data, ready);
        process.BeginOutputReadLine();
        return new ServerHandle(process, await ready.Task.WaitAsync(StartTimeout));
    }

    // What goes wrong in the server is shown here.
    private static void Take(string? line, TaskCompletionSource<string> ready)
    {
        if (line?.StartsWith(ReadyMark, StringComparison.Ordinal) == true)
        {
            ready.TrySetResult(line[ReadyMark.Length..]);
        }
        else if (line is not null)
        {
            Console.Error.WriteLine(line);
        }
    }

    public Uri Socket(string userId, string more = "") => new($"ws://127.0.0.1:{Http.BaseAddress!.Port}/ws?user_id={userId}{more}");

    /// <summary>The CPU time of the server so far, in microseconds.</summary>
    public async Task<double> CpuAsync() => double.Parse(await Http.GetStringAsync("/figures/cpu"), CultureInfo.InvariantCulture);

    public async Task<long> PostAsync(string path)
    {
        using var answer = await Http.PostAsync(path, null);
        answer.EnsureSuccessStatusCode();
        return long.Parse(await answer.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        (await Http.PostAsync("/figures/stop", null)).Dispose();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Http.Dispose();
    }
}
