namespace Netra.Pipeline.BrowserTests;

/// <summary>Where the build puts things, seen from this assembly: artifacts/bin/(project)/(configuration)/.</summary>
internal static class RepositoryPaths
{
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static readonly DirectoryInfo Binaries = Output.Parent!.Parent!;

    public static string Server => Path.Combine(Binaries.FullName, "Netra.Pipeline.Server", Output.Name, "Netra.Pipeline.Server.dll");

    /// <summary>The TypeScript client, which the build of the server has built.</summary>
    public static string WebClient => Path.Combine(Binaries.Parent!.Parent!.FullName, "src", "web", "client");

    public static string Screenshots => Path.Combine(Binaries.Parent!.FullName, "screenshots");
}
