using System.Globalization;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>How much is tried, and from which seed, from the environment.</summary>
internal static class FuzzSettings
{
    /// <summary>NETRA_FUZZ_SEED: repeats what a failure names.</summary>
    public static int Seed { get; } = Read("NETRA_FUZZ_SEED", Random.Shared.Next());

    /// <summary>NETRA_FUZZ_REPORT: a file to which lines of figures are added.</summary>
    public static string? Report { get; } = Environment.GetEnvironmentVariable("NETRA_FUZZ_REPORT");

    /// <summary>NETRA_FUZZ_INPUTS: how many inputs all parsers get together; a server gets a tenth of it.</summary>
    /// <param name="usually">How many where it is not said.</param>
    public static int Inputs(int usually) => Read("NETRA_FUZZ_INPUTS", usually);

    /// <summary>Notes figures, for people and for the report.</summary>
    public static void Tell(string figures)
    {
        TestContext.Out.WriteLine(figures);
        if (Report is { } path)
        {
            File.AppendAllText(path, figures + Environment.NewLine);
        }
    }

    private static int Read(string name, int otherwise)
        => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
