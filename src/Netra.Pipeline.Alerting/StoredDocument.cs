namespace Netra.Pipeline.Alerting;

/// <summary>One thing that is kept.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Names it among its kind.</param>
/// <param name="Json">What it says.</param>
internal readonly record struct StoredDocument(DocumentKind Kind, string Id, string Json);
