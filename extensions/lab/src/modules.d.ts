/** Style sheets that a part loads with itself. */
declare module '*.css';
