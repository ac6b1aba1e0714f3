namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>One heading of a document and what is under it.</summary>
/// <param name="Path">The document, relative to the documents' root, with forward slashes.</param>
/// <param name="Heading">The heading's text; the document's path for text before the first heading.</param>
/// <param name="FirstLine">The line the heading is on, counted from 1.</param>
/// <param name="LastLine">The last line of the section, its subsections included.</param>
/// <param name="Body">The section's own text, without the heading and without the subsections, which are sections themselves.</param>
internal sealed record DocSection(string Path, string Heading, int FirstLine, int LastLine, string Body);
