namespace Netra.Pipeline.Tests.Crash;

/// <summary>How long and with which seed these tests run, from the environment.</summary>
internal static class ChaosSettings
{
    public static int Read(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;
}
