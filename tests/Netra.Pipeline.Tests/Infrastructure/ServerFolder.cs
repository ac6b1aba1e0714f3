namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>A data folder for real servers, one after the other. Disposing deletes it.</summary>
internal sealed class ServerFolder : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netra-server-");

    /// <summary>What tells a server of it.</summary>
    public string Argument => $"--Netra:DataDirectory={_folder.FullName}";

    /// <summary>Another server can have it.</summary>
    public async Task ShouldBeFreeAsync()
    {
        await using var next = ServerProcess.Start("Development", Argument);
        await next.WhenReadyAsync();
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
