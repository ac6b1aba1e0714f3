namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>A section that matches a search.</summary>
/// <param name="Path">The document.</param>
/// <param name="Heading">The section's heading.</param>
/// <param name="FirstLine">The line of the heading, counted from 1.</param>
/// <param name="LastLine">The section's last line.</param>
/// <param name="Snippet">The part of the text around the matches.</param>
/// <param name="Score">How well it matches; the higher the better, comparable within one search only.</param>
internal sealed record SearchHit(string Path, string Heading, int FirstLine, int LastLine, string Snippet, double Score);
