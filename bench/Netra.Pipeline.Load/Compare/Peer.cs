using System.Runtime.InteropServices;

namespace Netra.Pipeline.Load.Compare;

/// <summary>A server that is compared.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Command">What starts it; <c>--port</c>, <c>--events</c> and <c>--interval-ms</c> are added.</param>
/// <param name="Protocol">What its sockets speak.</param>
internal sealed record Peer(string Name, IReadOnlyList<string> Command, LoadProtocol Protocol)
{
    /// <summary>The names that <c>bench/peers/run</c> knows, ours first.</summary>
    public static readonly IReadOnlyList<string> Known = ["netra", "signalr", "aspnetcore", "ws", "socketio", "bun"];

    /// <summary>Those of them that there are for this system: Bun's package is for Linux on x64.</summary>
    public static IEnumerable<string> Here
        => Known.Where(static name =>
            name != "bun" || (OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64));

    /// <summary>One that <c>bench/peers/run</c> knows.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where <c>run</c> is.</param>
    public static Peer Of(string name, string folder) => new(name, [Path.Combine(folder, "run"), name], name switch
    {
        "signalr" => LoadProtocol.SignalR,
        "socketio" => LoadProtocol.SocketIo,
        "netra" => LoadProtocol.Netra,
        _ => LoadProtocol.Plain,
    });

    /// <summary>Another one: <c>NAME=COMMAND</c> or <c>NAME:PROTOCOL=COMMAND</c>, its words separated by spaces.</summary>
    /// <exception cref="ArgumentException">It is not of this form.</exception>
    public static Peer Parse(string text)
    {
        var form = text.Split('=', 2);
        var name = form[0].Split(':', 2);
        var protocol = LoadProtocol.Netra;
        return form is [{ Length: > 0 }, var words]
            && words.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } command
            && (name.Length == 1 || Enum.TryParse(name[1], ignoreCase: true, out protocol))
            ? new Peer(name[0], command, protocol)
            : throw new ArgumentException($"--also is '{text}'; it must be NAME=COMMAND or NAME:PROTOCOL=COMMAND.", nameof(text));
    }
}
