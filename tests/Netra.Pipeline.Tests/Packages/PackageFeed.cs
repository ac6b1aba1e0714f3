using System.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Packages;

/// <summary>
/// The library's packages, packed from what the tests were built with, and applications that reference them: in a folder of their own,
/// outside of the repository, as a stranger's would be. Disposing deletes it.
/// </summary>
internal sealed class PackageFeed : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netra-packages-");

    public string Packages => Path.Combine(_folder.FullName, "packages");

    public static async Task<PackageFeed> PackAsync()
    {
        var feed = new PackageFeed();
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        await RunAsync(
            Repository.PathOf("."),
            "dotnet",
            "pack",
            "Netra.Pipeline.sln",
            "--no-build",
            "--no-restore",
            "-nologo",
            "-c",
            configuration,
            "-o",
            feed.Packages);

        // What others make was restored with the solution; only our own packages come from the feed.
        var machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await File.WriteAllTextAsync(Path.Combine(feed._folder.FullName, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path.Combine(feed._folder.FullName, "cache")}" /></config>
              <packageSources><clear /><add key="feed" value="{feed.Packages}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="machine" value="{machine}" /></fallbackPackageFolders>
            </configuration>
            """);
        return feed;
    }

    /// <summary>Builds a console application that references one package.</summary>
    /// <returns>The folder with all that it needs to run.</returns>
    public async Task<string> BuildAsync(string name, string package, string version, string program)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.FullName, name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <NuGetAudit>false</NuGetAudit>
                <OutputPath>out</OutputPath>
                <AppendTargetFrameworkToOutputPath>false</AppendTargetFrameworkToOutputPath>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{version}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), program);
        await RunAsync(folder, "dotnet", "build", "-nologo", "-v", "quiet");
        return Path.Combine(folder, "out");
    }

    /// <summary>Runs a program to its end, which must be a good one.</summary>
    /// <returns>What it has printed.</returns>
    public static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        // What the test's own host was given is not meant for what it starts.
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("MSBuildSDKsPath");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        var printed = await output + await errors;
        Assert.That(process.ExitCode, Is.Zero, () => $"{program} {string.Join(' ', arguments)}: {printed}");
        return printed;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
