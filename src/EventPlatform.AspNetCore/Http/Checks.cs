using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EventPlatform.AspNetCore.Http;

/// <summary>Reads what a request gives and collects every error, so that one answer shows them all.</summary>
internal sealed class Checks
{
    private readonly Dictionary<string, string[]> _errors = [];

    /// <summary>The 400 with every error, or null when there is none.</summary>
    public ValidationProblem? Problem => _errors.Count == 0 ? null : Problems.Invalid(_errors);

    public void Add(string name, string error) =>
        _errors[name] = [.. _errors.GetValueOrDefault(name) ?? [], error];

    /// <summary>Takes over the errors of a part, with its path before each name. Returns true when there are none.</summary>
    public bool Take(Checks part, string path)
    {
        foreach (var (name, errors) in part._errors)
            foreach (var error in errors)
                Add(path + name, error);
        return part._errors.Count == 0;
    }

    /// <summary>Takes over the errors of names that have none yet.</summary>
    public void TakeNew(Checks other)
    {
        foreach (var (name, errors) in other._errors)
            _errors.TryAdd(name, errors);
    }

    public int Int(string name, string? text, int min, int max, int otherwise) => (int)Long(name, text, min, max, otherwise)!.Value;

    public long? Long(string name, string? text, long min, long max, long? otherwise)
    {
        if (string.IsNullOrEmpty(text))
            return otherwise;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return value;
        Add(name, $"'{text}' is not a whole number between {min} and {max}.");
        return otherwise ?? min;
    }

    public T? Enum<T>(string name, string? text)
        where T : struct, Enum
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (char.IsLetter(text[0]) && System.Enum.TryParse<T>(text, ignoreCase: true, out var value))
            return value;
        var all = System.Enum.GetNames<T>().Select(n => char.ToLowerInvariant(n[0]) + n[1..]);
        Add(name, $"'{text}' is not one of {string.Join(", ", all)}.");
        return null;
    }

    /// <summary>A text that must be there, of a bounded length and without control characters.</summary>
    public string Text(string name, string? text, int max = 200)
    {
        if (string.IsNullOrWhiteSpace(text))
            Add(name, "It is required.");
        else if (text.Length > max)
            Add(name, $"It has {text.Length} characters; {max} is the most.");
        else if (text.Any(char.IsControl) || !text.IsNormalized(NormalizationForm.FormC) && HasLoneSurrogate(text))
            Add(name, "It holds control characters or half a surrogate pair.");
        return text ?? "";
    }

    public DateTimeOffset? Time(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        Add(name, $"'{text}' is not a time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    private static bool HasLoneSurrogate(string text) => text.EnumerateRunes().Any(r => r == Rune.ReplacementChar);
}
