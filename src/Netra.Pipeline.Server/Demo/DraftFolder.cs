using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Server.Demo;

/// <summary>
/// The drafts that the demo writes to have something to delete: a small file for each user, in the data directory. Safe from any thread.
/// </summary>
internal sealed class DraftFolder(IOptions<DataOptions> options)
{
    private const string Text = "This is a draft. The demo agent has written it, to have something that it may delete when you say so.\n";

    private readonly Lock _gate = new();

    /// <summary>Writes the user's draft, unless there is one.</summary>
    public void Write(string userKey)
    {
        lock (_gate)
        {
            var file = FileOf(userKey);
            if (!File.Exists(file))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, Text);
            }
        }
    }

    /// <summary>Deletes the user's draft.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Delete(string userKey)
    {
        lock (_gate)
        {
            var file = FileOf(userKey);
            var exists = File.Exists(file);
            File.Delete(file);
            return exists;
        }
    }

    // A user's id is any text, and would not do as a file's name.
    private string FileOf(string userKey)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(userKey)));
        return Path.Combine(options.Value.DataDirectory, "drafts", $"{name}.md");
    }
}
