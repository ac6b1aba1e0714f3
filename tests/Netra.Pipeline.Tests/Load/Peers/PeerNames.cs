using System.Runtime.InteropServices;
using Arch = System.Runtime.InteropServices.Architecture;

namespace Netra.Pipeline.Tests.Load.Peers;

/// <summary>The servers in <c>bench/peers</c> that there are for this system: Bun's package is for Linux on x64.</summary>
internal static class PeerNames
{
    public static readonly string[] Here = OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture is Arch.X64
        ? ["netra", "signalr", "aspnetcore", "ws", "socketio", "bun"]
        : ["netra", "signalr", "aspnetcore", "ws", "socketio"];
}
