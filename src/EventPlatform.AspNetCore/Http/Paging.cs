using System.Buffers.Text;
using System.ComponentModel;
using System.Text;

namespace EventPlatform.AspNetCore.Http;

/// <summary>A page of a list.</summary>
/// <param name="Items">The items, in the list's order.</param>
/// <param name="Next">The cursor of the next page; absent on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Which page.</summary>
/// <param name="Limit">The most items to return.</param>
/// <param name="Cursor">The <c>next</c> of the page before.</param>
internal sealed record PageQuery(
    [property: Description("The most items to return: 1 to 500, 50 unless given.")] string? Limit,
    [property: Description("The `next` of the page before; nothing for the first page.")] string? Cursor)
{
    public const int MaxLimit = 500;

    public int ReadLimit(Checks checks) => checks.Int("limit", Limit, 1, MaxLimit, 50);

    /// <summary>The position after which the page starts, as the list wrote it, or null for the first page.</summary>
    public string? ReadCursor(Checks checks)
    {
        if (string.IsNullOrEmpty(Cursor))
            return null;
        if (Cursors.TryRead(Cursor) is { } position)
            return position;
        checks.Add("cursor", "It is not a cursor that this list gave.");
        return null;
    }

    public long? ReadNumericCursor(Checks checks)
    {
        if (ReadCursor(checks) is not { } text)
            return null;
        if (long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var position))
            return position;
        checks.Add("cursor", "It is not a cursor that this list gave.");
        return null;
    }
}

/// <summary>Cursors are positions that clients must not take apart, so that their form may change.</summary>
internal static class Cursors
{
    public static string Of(string position) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes("1" + position));

    public static string Of(long position) => Of(position.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public static string? TryRead(string cursor)
    {
        if (!Base64Url.IsValid(cursor))
            return null;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith('1') ? text[1..] : null;
    }

    /// <summary>A page out of one more row than its limit: the extra row says that there is a next page.</summary>
    public static Page<TItem> Page<TRow, TItem>(IReadOnlyList<TRow> rows, int limit, Func<TRow, string> position, Func<TRow, TItem> item) =>
        new([.. rows.Take(limit).Select(item)], rows.Count > limit ? Of(position(rows[limit - 1])) : null);
}
