using Spectre.Console;

namespace Netra.Pipeline.Load.Reports;

/// <summary>Where results are printed for people: in colours in a terminal, plain and wide enough elsewhere.</summary>
internal static class ReportConsole
{
    private const int WidthOfFiles = 160;

    public static IAnsiConsole Create()
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }
}
